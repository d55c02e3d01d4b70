/** Why a row of a file was not taken. One bad row costs that row and nothing else; its place and reason are kept. */

export const ROW_PROBLEMS = [
	'line-too-long',
	'not-utf8',
	'nul',
	'lone-surrogate',
	'too-deep',
	'not-json',
	'not-an-object',
	'cut-short',
	'forbidden-key',
	'number-too-large',
	'bad-csv',
	'wrong-columns',
	'missing-field',
	'wrong-type',
	'unknown-value',
	'unknown-role',
	'no-common-prompt',
	'no-conversation',
	'not-one-assistant-message',
	'newer-version',
	'not-native'
] as const;
export type RowProblem = (typeof ROW_PROBLEMS)[number];

/** Values of a file are shown in part: they may be as long as a line. */
const MAX_SHOWN = 60;

/** Not every engine has it. */
const stacks = Error as typeof Error & { stackTraceLimit?: number };

/** A row that is not taken. It has no stack: a file of a million bad rows would spend its time on making them. */
export class RowError extends Error {
	override readonly name = 'RowError';
	readonly problem: RowProblem;
	/** Field it is about. */
	readonly field: string | undefined;
	/** The start of what stands there. */
	readonly found: string | undefined;

	constructor(problem: RowProblem, field?: string, found?: unknown) {
		const limit = stacks.stackTraceLimit;
		stacks.stackTraceLimit = 0;
		super(field === undefined ? problem : `${problem}: ${field}`);
		if (limit !== undefined) {
			stacks.stackTraceLimit = limit;
		}
		this.problem = problem;
		this.field = field?.slice(0, MAX_SHOWN);
		this.found = found === undefined ? undefined : shown(found);
	}
}

function shown(value: unknown): string {
	const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? typeof value);
	return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

export interface ProblemEntry {
	/** First line of the row in its file, from 1; the number of the row in Parquet. */
	line: number;
	problem: RowProblem;
	field?: string;
	found?: string;
}

/** Entries that are kept one by one; beyond them only the counts go on. */
export const MAX_LISTED_PROBLEMS = 1000;

export class ProblemLog {
	readonly entries: ProblemEntry[] = [];
	readonly counts: Partial<Record<RowProblem, number>> = {};
	total = 0;

	add(line: number, { problem, field, found }: RowError): void {
		this.total++;
		this.counts[problem] = (this.counts[problem] ?? 0) + 1;
		if (this.entries.length < MAX_LISTED_PROBLEMS) {
			this.entries.push({
				line,
				problem,
				...(field !== undefined && { field }),
				...(found !== undefined && { found })
			});
		}
	}
}
