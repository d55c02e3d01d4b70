/** What a person asks of the benchmark on the command line. */
import { parseArgs } from 'node:util';

export interface BenchOptions {
	/** Where rows go as JSON; null: nowhere. */
	json: string | null;
	/** Sections or rows whose name holds this text, whatever its case; null: all. */
	only: string | null;
	isQuick: boolean;
	/** Peak of the graphics card in float32; null: measure it. */
	peakTflops: number | null;
	/** Measure on an imitated graphics card too, to try the commands out. */
	allowsSoftware: boolean;
}

export const USAGE = `usage: npm run bench -- [--quick] [--only TEXT] [--json FILE]
       npm run bench:gpu -- [--quick] [--only TEXT] [--json FILE] [--peak-tflops N] [--allow-software]`;

/** @throws Error naming an argument that is not known */
export function readOptions(args: readonly string[]): BenchOptions {
	const { values } = parseArgs({
		args: [...args],
		options: {
			json: { type: 'string' },
			only: { type: 'string' },
			quick: { type: 'boolean', default: false },
			'peak-tflops': { type: 'string' },
			'allow-software': { type: 'boolean', default: false }
		}
	});
	const peak = values['peak-tflops'];
	if (peak !== undefined && !(Number(peak) > 0)) {
		throw new Error(`--peak-tflops needs a number above 0, not ${peak}`);
	}
	return {
		json: values.json ?? null,
		only: values.only ?? null,
		isQuick: values.quick,
		peakTflops: peak === undefined ? null : Number(peak),
		allowsSoftware: values['allow-software']
	};
}

/** The parts of a catalogue that `only` names: whole sections, or single rows of one. */
export function selected<S extends { name: string; rows: readonly { name: string }[] }>(
	sections: readonly S[],
	only: string | null
): S[] {
	if (only === null) {
		return [...sections];
	}
	const holds = (text: string) => text.toLowerCase().includes(only.toLowerCase());
	return sections
		.filter(({ name, rows }) => holds(name) || rows.some((row) => holds(row.name)))
		.map((section) =>
			holds(section.name)
				? section
				: { ...section, rows: section.rows.filter((row) => holds(row.name)) }
		);
}
