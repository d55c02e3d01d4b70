/** JSON as values: what a file may hold, and one way of writing it in which equal content is equal text. */

export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
	[key: string]: Json;
}

export function isObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Half of a character of two: no text, and unreadable in UTF-8. */
export const hasLoneSurrogate = (text: string): boolean => /\p{Cs}/u.test(text);

/** JSON with sorted keys and without what is undefined: equal for equal content, whatever the order of writing. */
export function canonicalJson(value: unknown): string {
	if (Array.isArray(value)) {
		return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
	}
	if (typeof value === 'object' && value !== null) {
		const members = Object.entries(value)
			.filter(([, member]) => member !== undefined)
			.sort(([x], [y]) => (x < y ? -1 : 1))
			.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
		return `{${members.join(',')}}`;
	}
	return JSON.stringify(value) ?? 'null';
}
