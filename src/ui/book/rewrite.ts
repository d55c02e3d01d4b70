/** A completion as it stands on a page, and back: pages begin without the white space that joins it to its prompt. Pure. */

export function shownText(written: string): string {
	return written.trim();
}

/** An edit that says something, and something else than before. */
export function isRewritten(written: string, edited: string): boolean {
	return edited.trim() !== '' && edited.trim() !== written.trim();
}

/** The edit as a continuation of the prompt: with the white space with which the completion began. */
export function rewrittenText(written: string, edited: string): string {
	const joint = /^\s*/u.exec(written)?.[0] ?? '';
	return joint + edited.trim();
}
