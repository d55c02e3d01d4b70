/** Rows of the benchmark: what is measured, its unit and target; the table and the JSON made of them. */

export interface Target {
	is: '>=' | '<=' | '=';
	value: number;
}

export interface RowSpec {
	name: string;
	unit: string;
	/** null: only to be looked at. */
	target: Target | null;
}

/** A number, or why there is none. `absent`: this machine lacks what it takes; `failed`: it should have been measured. */
export type Measured = number | { absent: string } | { failed: string };

/** By row name. */
export type Measurements = Record<string, Measured>;

export interface Row {
	name: string;
	value: number | null;
	unit: string;
	/** Such as "<= 90"; null for a row without one. */
	target: string | null;
	/** null where there is no value or no target. */
	met: boolean | null;
	/** Why there is no value. */
	reason?: string;
}

/** The same answer for every row. */
export function rowsWith(specs: readonly RowSpec[], answer: Measured): Measurements {
	return Object.fromEntries(specs.map(({ name }) => [name, answer]));
}

export function isMet(value: number, { is, value: limit }: Target): boolean {
	if (is === '=') {
		return value === limit;
	}
	return is === '<=' ? value <= limit : value >= limit;
}

/** Rows in the order of their specs. A row that no section answered for has failed. */
export function toRows(specs: readonly RowSpec[], measured: Measurements): Row[] {
	return specs.map(({ name, unit, target }) => {
		const found = measured[name] ?? { failed: 'nothing was measured' };
		const row = { name, unit, target: target && `${target.is} ${target.value}` };
		if (typeof found === 'number') {
			if (Number.isFinite(found)) {
				return { ...row, value: found, met: target && isMet(found, target) };
			}
			return { ...row, value: null, met: null, reason: `the measured value is ${found}` };
		}
		const reason = 'absent' in found ? found.absent : found.failed;
		return { ...row, value: null, met: null, reason };
	});
}

/** Names of rows that should have been measured and were not. */
export function failures(specs: readonly RowSpec[], measured: Measurements): string[] {
	return specs
		.filter(({ name }) => {
			const found = measured[name];
			return typeof found === 'number' ? !Number.isFinite(found) : !(found && 'absent' in found);
		})
		.map(({ name }) => name);
}

/** The JSON's order of keys is the table's. */
export function toJson(rows: readonly Row[]): string {
	const ordered = rows.map(({ name, value, unit, target, met, reason }) => ({
		name,
		value,
		unit,
		target,
		met,
		...(reason !== undefined && { reason })
	}));
	return `${JSON.stringify(ordered, null, '\t')}\n`;
}

const SIGNIFICANT_DIGITS = 4;

function describeValue({ value, reason }: Row): string {
	if (value === null) {
		return `not measured: ${reason ?? ''}`;
	}
	if (Number.isInteger(value)) {
		return String(value);
	}
	return Math.abs(value) < 1e-3 ? value.toExponential(1) : value.toPrecision(SIGNIFICANT_DIGITS);
}

/** A Markdown table. */
export function toTable(rows: readonly Row[]): string {
	const mark = (met: boolean | null) => (met === null ? '' : met ? 'yes' : 'NO');
	const lines = rows.map((row) =>
		[row.name, describeValue(row), row.unit, row.target ?? '', mark(row.met)]
			.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' '))
			.join(' | ')
	);
	return [
		'| what | value | unit | target | met |',
		'|---|---|---|---|---|',
		...lines.map((l) => `| ${l} |`)
	].join('\n');
}
