/** The end of a benchmark: table, JSON and exit code. */
import { writeFile } from 'node:fs/promises';
import { toJson, toTable, type Row } from './rows';

export interface Report {
	rows: readonly Row[];
	/** Names of rows that should have been measured and were not. */
	failed: readonly string[];
	/** File for the JSON; null: none. */
	json: string | null;
}

/** Prints the table, writes the JSON, and sets the exit code: 1 only if a row should have been measured and was not. */
export async function report({ rows, failed, json }: Report): Promise<void> {
	console.log(`\n${toTable(rows)}`);
	if (json !== null) {
		await writeFile(json, toJson(rows));
		console.log(`\nwritten: ${json}`);
	}
	if (failed.length > 0) {
		console.error(`\nshould have been measured and was not: ${failed.join('; ')}`);
		process.exitCode = 1;
	}
}
