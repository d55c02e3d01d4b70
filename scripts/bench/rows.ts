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

/**
 * A number (with a target of its own, where that depends on what was found), or why there is none.
 * `absent`: this machine lacks what it takes; `failed`: it should have been measured.
 */
export type Measured =
	number | { value: number; target: Target } | { absent: string } | { failed: string };

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

/** The number that was found; null where there is none, and for one that is not finite. */
function numberOf(measured: Measured | undefined): number | null {
	const value = typeof measured === 'object' && 'value' in measured ? measured.value : measured;
	return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function reasonOf(measured: Measured | undefined): string {
	if (measured === undefined) {
		return 'nothing was measured';
	}
	if (typeof measured === 'number' || 'value' in measured) {
		return `the measured value is ${typeof measured === 'number' ? measured : measured.value}`;
	}
	return 'absent' in measured ? measured.absent : measured.failed;
}

/** Rows in the order of their specs. A row that no section answered for has failed. */
export function toRows(specs: readonly RowSpec[], measured: Measurements): Row[] {
	return specs.map(({ name, unit, target: usual }) => {
		const found = measured[name];
		const value = numberOf(found);
		const target = typeof found === 'object' && 'target' in found ? found.target : usual;
		const row = { name, value, unit, target: target && `${target.is} ${target.value}` };
		return value === null
			? { ...row, met: null, reason: reasonOf(found) }
			: { ...row, met: target && isMet(value, target) };
	});
}

/** Names of rows that should have been measured and were not. */
export function failures(specs: readonly RowSpec[], measured: Measurements): string[] {
	return specs
		.map(({ name }) => name)
		.filter((name) => {
			const found = measured[name];
			const isAbsent = typeof found === 'object' && 'absent' in found;
			return !isAbsent && numberOf(found) === null;
		});
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
