/** Numbers and times as a person reads them. Pure; texts with words come from the catalogue. */

const NUMBER = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const INTEGER = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** Three significant figures, a real minus sign, and "–" for what is not a number. */
export function formatNumber(value: number): string {
	if (!Number.isFinite(value)) {
		return '–';
	}
	const size = Math.abs(value);
	if (size !== 0 && size < 0.001) {
		return value.toExponential(1).replace('-', '\u2212').replace('e-', 'e\u2212');
	}
	return NUMBER.format(value).replace('-', '\u2212');
}

/** 12345 as "12.3K": for narrow columns. */
export function formatCompact(value: number): string {
	return Number.isFinite(value) ? COMPACT.format(value).replace('-', '\u2212') : '–';
}

export function formatInteger(value: number): string {
	return INTEGER.format(value);
}

/** 0.684 as "68 %" with a space that does not break. */
export function formatPercent(value: number): string {
	return Number.isFinite(value) ? `${Math.round(value * 100)}\u00a0%` : '–';
}

/** A score with its sign. */
export function formatSigned(value: number): string {
	return `${value < 0 ? '\u2212' : '+'}${Math.abs(value).toFixed(2)}`;
}

export function formatBytes(bytes: number): string {
	if (bytes < 1000) {
		return `${bytes} B`;
	}
	const units = ['kB', 'MB', 'GB'];
	let value = bytes;
	let unit = 'B';
	for (const next of units) {
		if (value < 1000) {
			break;
		}
		value /= 1000;
		unit = next;
	}
	return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** 75 s as "1:15", 4000 s as "1:06:40". */
export function formatClock(ms: number): string {
	const total = Math.max(0, Math.round(ms / 1000));
	const hours = Math.floor(total / 3600);
	const minutes = Math.floor((total % 3600) / 60);
	const seconds = String(total % 60).padStart(2, '0');
	return hours > 0
		? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}`
		: `${minutes}:${seconds}`;
}

export function formatDate(ms: number): string {
	return new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
}
