/** What cards are made of: YAML that the Hugging Face hub reads, and Markdown in which nobody's words are markup. */

/** A string as YAML: JSON's double-quoted strings are YAML's, once the two line ends that only YAML knows are escaped. */
export function scalar(text: string): string {
	return JSON.stringify(text).replace(/[\u0085\u2028\u2029]/gu, (c) => {
		return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
	});
}

export function list(key: string, values: readonly string[], indent = ''): string[] {
	return values.length === 0
		? [`${indent}${key}: []`]
		: [`${indent}${key}:`, ...values.map((value) => `${indent}- ${scalar(value)}`)];
}

/** Text of one line in which nothing is markup. */
export function plain(text: string): string {
	return text
		.replace(/\s+/gu, ' ')
		.trim()
		.replace(/[\\`*_[\]<>#|~&]/gu, '\\$&')
		.replace(/^[-+=]/u, '\\$&')
		.replace(/^(\d+)([.)])/u, '$1\\$2');
}

/** A person's words as a quotation. */
export function quoted(text: string): string[] {
	const lines = text.trim() === '' ? ['Nothing was stated.'] : text.trim().split(/\r\n|[\r\n]/u);
	return lines.map((line) => `> ${plain(line)}`);
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A share with its 95 % interval and what it was counted from. */
export const shareWithInterval = (o: {
	value: number;
	low: number;
	high: number;
	n: number;
}): string => `${percent(o.value)} [${percent(o.low)}, ${percent(o.high)}], n = ${o.n}`;

/** Three significant figures; what was not measured says so. */
export const figure = (value: number | null | undefined): string =>
	value !== null && value !== undefined && Number.isFinite(value)
		? String(Number(value.toPrecision(3)))
		: 'not measured';

/** A Markdown table. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
	const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
	return [line(header), line(header.map(() => '---')), ...rows.map(line)];
}
