/** Counts what the page fetched after it was ready: the proof behind "nothing leaves this machine". */
export class RequestCount {
	#count = $state(0);
	#foreign = $state(0);

	/** Requests since `start`. */
	get count(): number {
		return this.#count;
	}

	/** Those of them that went to another origin. */
	get foreign(): number {
		return this.#foreign;
	}

	/** Begins at nought; returns the function that stops counting. */
	start(): () => void {
		this.#count = 0;
		this.#foreign = 0;
		const observer = new PerformanceObserver((list) => {
			for (const entry of list.getEntries()) {
				if (!entry.name.startsWith('http')) {
					continue;
				}
				const isForeign = new URL(entry.name).origin !== location.origin;
				if (isForeign || reachedServer(entry)) {
					this.#count++;
					this.#foreign += isForeign ? 1 : 0;
				}
			}
		});
		observer.observe({ type: 'resource', buffered: false });
		return () => observer.disconnect();
	}
}

/** What came out of the browser's cache asked nobody. Only of our own server do browsers tell. */
const reachedServer = (entry: PerformanceEntry): boolean =>
	!isOwnIcon(entry.name) && !('transferSize' in entry && entry.transferSize === 0);

/** The browser itself asks again for the tab's icon whenever the address changes; nobody else's business. */
function isOwnIcon(url: string): boolean {
	const icons = document.querySelectorAll<HTMLLinkElement>('link[rel~="icon"]');
	return [...icons].some((icon) => icon.href === url);
}
