/** The command list of one column: every kernel of decode-kernels.ts on the model's weights and the workspace's buffers. */
import type { ModelConfig } from '../../../../src/core/formats/model-config';
import { EMBEDDING, FINAL_NORM, LM_HEAD, SCALAR_HEADS, layerNames } from '../../decoder-parameters';
import type { GpuParameters } from '../gpu-parameters';
import type { BufferRange, Command, GpuRuntime } from '../gpu-runtime';
import { GRID_NAMES, type GridName } from './advance';
import type { DecodeKernels, KernelName } from './decode-kernels';
import type { DecodeBuffers } from './decode-workspace';

/** Makes the bind groups; the list serves every column of every rollout on these buffers. */
export function columnCommands(
	runtime: GpuRuntime,
	c: ModelConfig,
	parameters: GpuParameters,
	kernels: DecodeKernels,
	buffers: DecodeBuffers
): Command[] {
	const { state, grids, results, stream, queries, mixed, act, logits, rotary } = buffers;
	const span = (first: string, last = first): BufferRange =>
		parameters.span(parameters.values, first, last);
	const command = (
		name: KernelName,
		grid: GridName,
		bindings: readonly (GPUBuffer | BufferRange)[]
	): Command => ({
		kernel: kernels[name],
		bindGroup: bind(name, bindings),
		grid: { buffer: grids, offset: 12 * GRID_NAMES.indexOf(grid) }
	});
	const bind = (name: KernelName, bindings: readonly (GPUBuffer | BufferRange)[]): GPUBindGroup =>
		runtime.bind(
			'sample',
			kernels[name],
			bindings.map((b) => ('buffer' in b ? b : { buffer: b }))
		);

	const table = span(EMBEDDING);
	const layers = buffers.caches.flatMap((cache, layer) => {
		const n = layerNames(layer);
		const isFirst = layer === 0;
		return [
			command(isFirst ? 'firstQkv' : 'qkv', 'qkv', [
				...[state, isFirst ? table : stream, span(n.q, n.v), span(n.attentionNorm)],
				...[rotary, queries, cache]
			]),
			command('attention', 'attention', [state, queries, cache, mixed]),
			command(isFirst ? 'firstOutput' : 'output', 'output', [
				...[state, mixed, span(n.o), stream],
				...(isFirst ? [table] : [])
			]),
			command('gateUp', 'gateUp', [state, stream, span(n.gate, n.up), span(n.mlpNorm), act]),
			command('down', 'down', [state, act, span(n.down), stream])
		];
	});
	const head = span(c.tiedEmbeddings ? EMBEDDING : LM_HEAD);
	const valueBindings = c.valueHeads > 0 ? [stream, span(FINAL_NORM), span(SCALAR_HEADS)] : [];
	return [
		...layers,
		command('logits', 'logits', [state, stream, head, span(FINAL_NORM), logits]),
		command('sampler', 'sampler', [state, logits, results, ...valueBindings]),
		{
			kernel: kernels.advance,
			// It writes the grids of the next column, so its own is fixed.
			bindGroup: bind('advance', [state, results, grids]),
			grid: () => [1, 1, 1]
		}
	];
}
