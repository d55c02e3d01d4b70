/** A Parquet file of rows, written with `hyparquet-writer`: Snappy, one column a field, turns of a conversation as JSON. */
import { ByteWriter, parquetWriteRows } from 'hyparquet-writer';
import type { ColumnType } from '../fields';
import type { Json, JsonObject } from '../json';

/** As in the files of the Hugging Face Hub: small enough to be read one at a time anywhere. */
const GROUP_ROWS = 1000;
const MIXED = 'JSON';

export type ParquetType = 'STRING' | 'JSON' | 'DOUBLE' | 'BOOLEAN';

const TYPES: Readonly<
	Record<Exclude<ColumnType, 'text-or-chat' | 'optional-text-or-chat'>, ParquetType>
> = {
	text: 'STRING',
	'optional-text': 'STRING',
	json: 'JSON',
	number: 'DOUBLE',
	boolean: 'BOOLEAN'
};

function typeOfValue(value: Json): ParquetType {
	switch (typeof value) {
		case 'string':
			return 'STRING';
		case 'number':
			return 'DOUBLE';
		case 'boolean':
			return 'BOOLEAN';
		default:
			return MIXED;
	}
}

/** The types of the columns that rows have, in the order of their first appearance. A column of several types holds JSON. */
export class ParquetColumns {
	readonly #known: Readonly<Record<string, ColumnType>>;
	readonly #types = new Map<string, ParquetType>();

	constructor(known: Readonly<Record<string, ColumnType>>) {
		this.#known = known;
	}

	add(row: JsonObject): void {
		for (const [name, value] of Object.entries(row)) {
			if (value !== null) {
				const type = this.#typeOf(name, value);
				const before = this.#types.get(name) ?? type;
				this.#types.set(name, before === type ? type : MIXED);
			}
		}
	}

	/** Without rows, the columns that the format knows. */
	entries(): [name: string, type: ParquetType][] {
		return this.#types.size > 0
			? [...this.#types]
			: Object.keys(this.#known).map((name) => [name, 'STRING']);
	}

	#typeOf(name: string, value: Json): ParquetType {
		const known = Object.hasOwn(this.#known, name) ? this.#known[name] : undefined;
		const type =
			known && known !== 'text-or-chat' && known !== 'optional-text-or-chat'
				? TYPES[known]
				: typeOfValue(value);
		return type === 'JSON' || type === typeOfValue(value) ? type : MIXED;
	}
}

/** The whole file. `columns`: of all the rows, which come once more. */
export async function writeParquet(
	columns: ParquetColumns,
	rows: AsyncIterable<JsonObject>
): Promise<ArrayBuffer> {
	const writer = new ByteWriter();
	const types = columns.entries();
	await parquetWriteRows({
		writer,
		rows: prepared(rows, types),
		columns: types.map(([name, type]) => ({ name, type, nullable: true })),
		rowGroupSize: GROUP_ROWS,
		createdBy: 'Tiller'
	});
	return writer.getBuffer();
}

async function* prepared(
	rows: AsyncIterable<JsonObject>,
	types: readonly (readonly [string, ParquetType])[]
): AsyncGenerator<JsonObject> {
	for await (const row of rows) {
		yield Object.fromEntries(types.map(([name]) => [name, row[name] ?? null]));
	}
}
