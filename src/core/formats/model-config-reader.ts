/** Reads Hugging Face's `config.json` of a Llama-layout model and refuses, by name, everything the engine does not compute. */
import { FormatError } from './format-error';
import type { ModelConfig } from './model-config';

/** Budgets before anything is allocated: a browser tab trains models of a few million parameters. */
const LIMITS = {
	vocabSize: 262_144,
	hiddenSize: 8192,
	intermediateSize: 65_536,
	layers: 128,
	heads: 256,
	maxPositions: 1_048_576
} as const;
const MAX_CONFIG_CHARACTERS = 1_000_000;

/** @param text config.json. Throws FormatError 'corrupt-file' (not JSON) or 'wrong-shape' (not this family, or out of budget). */
export function parseModelConfig(text: string): ModelConfig {
	if (text.length > MAX_CONFIG_CHARACTERS) {
		throw new FormatError('too-large', 'config.json is larger than any model description.');
	}
	let json: unknown;
	try {
		json = JSON.parse(text);
	} catch (cause) {
		throw new FormatError('corrupt-file', 'config.json is not JSON.', {}, cause);
	}
	if (typeof json !== 'object' || json === null || Array.isArray(json)) {
		throw new FormatError('corrupt-file', 'config.json is not an object.');
	}
	return toModelConfig(json as Record<string, unknown>);
}

function toModelConfig(c: Record<string, unknown>): ModelConfig {
	if (c.model_type !== 'llama') {
		throw unsupported(`model_type ${shown(c.model_type)}; this engine computes llama`);
	}
	if (c.hidden_act !== undefined && c.hidden_act !== 'silu') {
		throw unsupported(`activation ${shown(c.hidden_act)}`);
	}
	if (c.attention_bias === true || c.mlp_bias === true) {
		throw unsupported('biases');
	}
	const hiddenSize = integer(c, 'hidden_size', LIMITS.hiddenSize);
	const heads = integer(c, 'num_attention_heads', LIMITS.heads);
	const kvHeads = c.num_key_value_heads == null ? heads : integer(c, 'num_key_value_heads', heads);
	const headDim =
		c.head_dim == null ? hiddenSize / heads : integer(c, 'head_dim', LIMITS.hiddenSize);
	if (!Number.isInteger(headDim) || headDim % 2 !== 0) {
		throw unsupported(`head size ${headDim}; rotary positions need an even one`);
	}
	if (heads % kvHeads !== 0) {
		throw unsupported(`${heads} heads over ${kvHeads} key/value heads`);
	}
	const config: ModelConfig = {
		vocabSize: integer(c, 'vocab_size', LIMITS.vocabSize),
		hiddenSize,
		intermediateSize: integer(c, 'intermediate_size', LIMITS.intermediateSize),
		layers: integer(c, 'num_hidden_layers', LIMITS.layers),
		heads,
		kvHeads,
		headDim,
		maxPositions: integer(c, 'max_position_embeddings', LIMITS.maxPositions),
		rmsNormEps: number(c, 'rms_norm_eps', 1e-6),
		ropeTheta: ropeTheta(c),
		tiedEmbeddings: c.tie_word_embeddings === true,
		bosId: tokenId(c.bos_token_id),
		eosIds: (Array.isArray(c.eos_token_id) ? c.eos_token_id : [c.eos_token_id])
			.map(tokenId)
			.filter((id) => id !== null),
		padId: tokenId(c.pad_token_id),
		valueHeads: 0
	};
	for (const id of [config.bosId, config.padId, ...config.eosIds]) {
		if (id !== null && id >= config.vocabSize) {
			throw new FormatError(
				'wrong-shape',
				`Token id ${id} lies outside the vocabulary of ${config.vocabSize}.`
			);
		}
	}
	return config;
}

/** Transformers 4 writes `rope_theta`, transformers 5 `rope_parameters.rope_theta`; any scaling would change the numbers. */
function ropeTheta(c: Record<string, unknown>): number {
	const parameters = (c.rope_parameters ?? c.rope_scaling ?? {}) as Record<string, unknown>;
	const type = parameters.rope_type ?? parameters.type ?? 'default';
	if (type !== 'default') {
		throw unsupported(`rotary positions of type ${shown(type)}`);
	}
	return number('rope_theta' in parameters ? parameters : c, 'rope_theta', 10_000);
}

function integer(c: Record<string, unknown>, key: string, most: number): number {
	const value = c[key];
	if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most) {
		throw new FormatError(
			'wrong-shape',
			`config.json: ${key} is ${shown(value)}; a whole number from 1 to ${most} is needed.`,
			{ key }
		);
	}
	return value;
}

function number(c: Record<string, unknown>, key: string, absent: number): number {
	const value = c[key] ?? absent;
	if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
		throw new FormatError(
			'wrong-shape',
			`config.json: ${key} is ${shown(value)}; a positive number is needed.`,
			{ key }
		);
	}
	return value;
}

function tokenId(value: unknown): number | null {
	return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null;
}

function unsupported(what: string): FormatError {
	return new FormatError('wrong-shape', `This model cannot be computed: ${what}.`);
}

/** A JSON value as a person would read it. */
function shown(value: unknown): string {
	return JSON.stringify(value) ?? 'missing';
}
