/** Round numbers along an axis. Pure. */

/** Up to about `most` multiples of 1, 2 or 5 times a power of ten that lie within the bounds. */
export function ticksBetween(low: number, high: number, most = 5): number[] {
	const rough = (high - low) / most;
	if (!(rough > 0) || !Number.isFinite(rough)) {
		return [low];
	}
	const power = 10 ** Math.floor(Math.log10(rough));
	const step = [1, 2, 5, 10].map((m) => m * power).find((size) => size >= rough * 0.999) ?? rough;
	const first = Math.ceil(low / step - 1e-9);
	const count = Math.floor(high / step + 1e-9) - first + 1;
	return Array.from({ length: Math.max(0, count) }, (_, i) => {
		const value = (first + i) * step;
		return Math.abs(value) < step * 1e-9 ? 0 : Number(value.toPrecision(12));
	});
}

/** Least and greatest of the numbers that are finite, with some air; 0 to 1 where there are none. */
export function boundsOf(values: readonly number[], air = 0.06): [low: number, high: number] {
	const finite = values.filter(Number.isFinite);
	if (finite.length === 0) {
		return [0, 1];
	}
	const [low, high] = [Math.min(...finite), Math.max(...finite)];
	const margin = high > low ? (high - low) * air : Math.max(1e-6, Math.abs(low) * air, 0.5);
	return [low - margin, high + margin];
}
