/** Fields of Parquet's headers, with an error for each that is not what it should be. */
import { FormatError } from '../../format-error';
import type { ThriftStruct, ThriftValue } from './thrift';

export const damaged = (why: string, cause?: unknown) =>
	new FormatError('corrupt-file', `The Parquet file is damaged: ${why}.`, {}, cause);
export const tooLarge = (why: string) =>
	new FormatError('too-large', `The Parquet file has ${why}.`);

export function numberIn(fields: ThriftStruct, id: number): number {
	const value = fields.get(id);
	if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
		throw damaged(`field ${id} is no count`);
	}
	return value;
}

const isStruct = (value: ThriftValue | undefined): value is ThriftStruct => value instanceof Map;

export function structIn(fields: ThriftStruct, id: number): ThriftStruct {
	const value = fields.get(id);
	if (!isStruct(value)) {
		throw damaged(`field ${id} is missing`);
	}
	return value;
}

export function listIn(fields: ThriftStruct, id: number): ThriftValue[] {
	const value = fields.get(id);
	if (!Array.isArray(value)) {
		throw damaged(`field ${id} is missing`);
	}
	return value;
}

export function structsIn(fields: ThriftStruct, id: number): ThriftStruct[] {
	return listIn(fields, id).map((value) => {
		if (!isStruct(value)) {
			throw damaged(`field ${id} is no list of structures`);
		}
		return value;
	});
}

/** Runs `action`; whatever it throws says that the file is damaged. @throws FormatError */
export function guarded<T>(action: () => T): T {
	try {
		return action();
	} catch (cause) {
		if (cause instanceof FormatError) {
			throw cause;
		}
		throw damaged(cause instanceof Error ? cause.message : 'it cannot be read', cause);
	}
}
