import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseModelConfig } from '../../../../src/core/formats/model-config-reader';
import { readSafetensors } from '../../../../src/core/formats/safetensors';
import { createTokenizer } from '../../../../src/core/formats/tokenizer';
import { decoderParameters } from '../../../../workers/engine/decoder-parameters';
import { readModelFiles } from '../../../../workers/model-files';

const folder = 'public/models/stories-1m';
const text = (file: string) => readFileSync(`${folder}/${file}`, 'utf8');
const config = parseModelConfig(text('config.json'));
const changed = (changes: Record<string, unknown>) =>
	JSON.stringify({ ...(JSON.parse(text('config.json')) as object), ...changes });

describe('config.json', () => {
	test('tells the shape of the built-in model', () => {
		expect(config).toMatchObject({
			vocabSize: 2048,
			hiddenSize: 128,
			layers: 4,
			heads: 4,
			kvHeads: 4,
			headDim: 32,
			ropeTheta: 10_000,
			tiedEmbeddings: true,
			bosId: 0,
			eosIds: [0],
			padId: 1
		});
	});

	test('reads rotary positions where transformers 5 writes them', () => {
		const other = parseModelConfig(
			changed({ rope_theta: undefined, rope_parameters: { rope_type: 'default', rope_theta: 500 } })
		);
		expect(other.ropeTheta).toBe(500);
	});

	test.each([
		['not JSON', 'hello', 'corrupt-file'],
		['a list', '[]', 'corrupt-file'],
		['another family', changed({ model_type: 'gpt2' }), 'wrong-shape'],
		['another activation', changed({ hidden_act: 'gelu' }), 'wrong-shape'],
		['scaled rotary positions', changed({ rope_scaling: { rope_type: 'yarn' } }), 'wrong-shape'],
		['biases', changed({ attention_bias: true }), 'wrong-shape'],
		['a size that is not a number', changed({ hidden_size: 'big' }), 'wrong-shape'],
		['a size beyond any browser', changed({ vocab_size: 1e9 }), 'wrong-shape'],
		['heads that do not divide', changed({ num_key_value_heads: 3 }), 'wrong-shape'],
		['a token outside the vocabulary', changed({ eos_token_id: 4000 }), 'wrong-shape']
	])('refuses %s', (_name, json, code) => {
		expect(() => parseModelConfig(json)).toThrow(expect.objectContaining({ code }));
	});
});

describe('tokenizer.json', () => {
	const tokenizer = createTokenizer(text('tokenizer.json'), config);

	test('gives the ids of the golden values, with the beginning-of-text id in front', () => {
		const golden = JSON.parse(readFileSync('tests/golden/stories-1m/golden.json', 'utf8')) as {
			text: string;
			ids: number[];
		};
		expect(tokenizer.promptIds(golden.text)).toEqual(golden.ids);
		expect(tokenizer.decode(golden.ids)).toBe(golden.text);
	});

	test('decodes any text it encoded', () => {
		for (const sample of ['"Hello," said the fox.', ' two  spaces', 'Zoë’s café\n\nend']) {
			expect(tokenizer.decode(tokenizer.encode(sample))).toBe(sample);
		}
	});

	test('is refused if it does not fit the model, or is no tokenizer', () => {
		expect(() => createTokenizer(text('tokenizer.json'), { ...config, vocabSize: 1000 })).toThrow(
			expect.objectContaining({ code: 'tokenizer-mismatch' })
		);
		expect(() => createTokenizer('{', config)).toThrow(
			expect.objectContaining({ code: 'corrupt-file' })
		);
	});
});

describe('a model folder', () => {
	const read = (changes: Record<string, Uint8Array | null>) => (_model: string, file: string) => {
		const bytes = file in changes ? changes[file] : readFileSync(`${folder}/${file}`);
		return bytes ? Promise.resolve(bytes) : Promise.reject(new Error('gone'));
	};

	test('weights cut short are named as such', async () => {
		const cut = readFileSync(`${folder}/model.safetensors`).subarray(0, 100_000);
		await expect(
			readModelFiles('stories-1m', read({ 'model.safetensors': cut }))
		).rejects.toMatchObject({
			name: 'StudioError',
			code: 'corrupt-file',
			detail: { model: 'stories-1m' }
		});
	});

	test('weights of another shape name the tensor', () => {
		const file = readSafetensors(readFileSync(`${folder}/model.safetensors`));
		expect(() =>
			decoderParameters({ ...config, intermediateSize: 400 }, file, { kind: 'zero' })
		).toThrow(
			expect.objectContaining({
				code: 'wrong-shape',
				detail: { tensor: 'model.layers.0.mlp.gate_proj.weight' }
			})
		);
		expect(() => decoderParameters({ ...config, layers: 5 }, file, { kind: 'zero' })).toThrow(
			expect.objectContaining({ code: 'wrong-shape' })
		);
	});
});
