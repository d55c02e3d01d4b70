// Everything that the engine calls. Pointers and strides are bytes, counts are numbers.
export { gemm, packColumns, packRows, transpose } from './gemm';
export {
	addInto, applyNorm, gatherRows, rmsNorm, rmsNormGradient, rotate, scatterAddRows, sumSquares, swiGlu, swiGluGradient
} from './elementwise';
export { appendToCache, attend, attendCache, attendGradient, attendGradientScratch } from './attention';
export { drawTokens, largestTokens, tokenGradient, tokenStatistics } from './vocabulary';
export { adamw } from './adamw';

/** Where the kernels' own constants end. */
export function constantsEnd(): usize {
	return __heap_base;
}
