/** Puts text on the clipboard. False where this page may not: browsers hide it from pages that are not on localhost or HTTPS. */
export async function copyText(text: string): Promise<boolean> {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		return false;
	}
}
