/** Room beyond the outermost point, as a share of the axis. */
const MARGIN = 0.06;

/** Lowest and highest of the finite values that an axis can show; infinite where there is none. */
function extremes(columns: readonly ArrayLike<number>[], isLog: boolean): [number, number] {
	let low = Infinity;
	let high = -Infinity;
	for (const column of columns) {
		for (let i = 0; i < column.length; i++) {
			const value = column[i] ?? NaN;
			if (Number.isFinite(value) && (!isLog || value > 0)) {
				low = Math.min(low, value);
				high = Math.max(high, value);
			}
		}
	}
	return [low, high];
}

/** Ends of a y axis: all finite values with a little room, and every value that is to be in sight. */
export function yBounds(
	columns: readonly ArrayLike<number>[],
	include: readonly number[]
): [number, number] {
	const [low, high] = extremes(columns, false);
	const least = Math.min(low, ...include);
	const most = Math.max(high, ...include);
	if (!Number.isFinite(least) || !Number.isFinite(most)) {
		return [0, 1];
	}
	const room = MARGIN * (most - least || Math.abs(most) || 1);
	// An end that was asked for is exact; one that the data set gets room.
	const isLowAsked = include.includes(least);
	const isHighAsked = include.includes(most);
	return [isLowAsked ? least : least - room, isHighAsked ? most : most + room];
}

/** The same for a logarithmic axis, on which only what is above 0 has a place. */
export function logYBounds(columns: readonly ArrayLike<number>[]): [number, number] {
	const [low, high] = extremes(columns, true);
	if (!Number.isFinite(low)) {
		return [0.1, 1];
	}
	const room = low === high ? 2 : (high / low) ** MARGIN;
	return [low / room, high * room];
}
