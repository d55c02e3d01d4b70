/** Names and shapes of a Llama-layout decoder, and its parameters from a weight file. */
import { Random, deriveSeed } from '../../src/core/random';
import type { SafetensorsFile } from '../../src/core/formats/safetensors';
import type { ModelConfig } from '../../src/core/formats/model-config';
import { StudioError } from '../../src/protocol/errors';
import { Parameters, type ParameterValues } from './parameters';

export const EMBEDDING = 'model.embed_tokens.weight';
export const FINAL_NORM = 'model.norm.weight';
export const LM_HEAD = 'lm_head.weight';
/** Scalar heads, one row each; the name that sequence-classification models use. */
export const SCALAR_HEADS = 'score.weight';

export interface LayerNames {
	attentionNorm: string;
	q: string;
	k: string;
	v: string;
	o: string;
	mlpNorm: string;
	gate: string;
	up: string;
	down: string;
}

export function layerNames(layer: number): LayerNames {
	const p = `model.layers.${layer}.`;
	return {
		attentionNorm: `${p}input_layernorm.weight`,
		q: `${p}self_attn.q_proj.weight`,
		k: `${p}self_attn.k_proj.weight`,
		v: `${p}self_attn.v_proj.weight`,
		o: `${p}self_attn.o_proj.weight`,
		mlpNorm: `${p}post_attention_layernorm.weight`,
		gate: `${p}mlp.gate_proj.weight`,
		up: `${p}mlp.up_proj.weight`,
		down: `${p}mlp.down_proj.weight`
	};
}

/** Every trunk tensor and its shape, matrices as [out, in]. */
export function trunkShapes(c: ModelConfig): [string, number[]][] {
	const d = c.hiddenSize;
	const shapes: [string, number[]][] = [[EMBEDDING, [c.vocabSize, d]]];
	for (let layer = 0; layer < c.layers; layer++) {
		const n = layerNames(layer);
		shapes.push(
			[n.attentionNorm, [d]],
			[n.q, [c.heads * c.headDim, d]],
			[n.k, [c.kvHeads * c.headDim, d]],
			[n.v, [c.kvHeads * c.headDim, d]],
			[n.o, [d, c.heads * c.headDim]],
			[n.mlpNorm, [d]],
			[n.gate, [c.intermediateSize, d]],
			[n.up, [c.intermediateSize, d]],
			[n.down, [d, c.intermediateSize]]
		);
	}
	shapes.push([FINAL_NORM, [d]]);
	if (!c.tiedEmbeddings) {
		shapes.push([LM_HEAD, [c.vocabSize, d]]);
	}
	return shapes;
}

/** How fresh scalar heads start: a value head on a shared trunk at zero, a reward head at std 1/sqrt(d + 1) (Ziegler et al. 2019). */
export type HeadInit = { kind: 'zero' } | { kind: 'normal'; seed: number };

/**
 * Parameters of a decoder with `config.valueHeads` scalar heads, from a weight file of the same shapes.
 * Heads in the file are taken when their shape fits, else made by `heads`.
 * @throws StudioError 'wrong-shape' naming the tensor.
 */
export function decoderParameters(
	config: ModelConfig,
	file: SafetensorsFile,
	heads: HeadInit
): Parameters {
	const list = trunkShapes(config).map(([name, shape]): ParameterValues => {
		const info = file.tensors.get(name);
		if (!info || info.shape.join() !== shape.join()) {
			throw new StudioError(
				'wrong-shape',
				`The weight file ${info ? `has ${name} of shape [${info.shape.join(', ')}]` : `has no ${name}`}; the model needs [${shape.join(', ')}].`,
				{ detail: { tensor: name } }
			);
		}
		return { name, shape, group: 'trunk', values: file.read(name) };
	});
	if (config.valueHeads > 0) {
		const shape = [config.valueHeads, config.hiddenSize];
		const saved = file.tensors.get(SCALAR_HEADS);
		const values =
			saved?.shape.join() === shape.join() ? file.read(SCALAR_HEADS) : freshHeads(config, heads);
		list.push({ name: SCALAR_HEADS, shape, group: 'heads', values });
	}
	return new Parameters(list);
}

function freshHeads(config: ModelConfig, init: HeadInit): Float32Array {
	const values = new Float32Array(config.valueHeads * config.hiddenSize);
	if (init.kind === 'normal') {
		const random = new Random(deriveSeed(init.seed, 'scalar heads'));
		const std = 1 / Math.sqrt(config.hiddenSize + 1);
		for (let i = 0; i < values.length; i++) {
			values[i] = random.normal() * std;
		}
	}
	return values;
}
