/** One training step of the 1M shape on WebAssembly: this app's engine, jax-js and TensorFlow.js by turns. */
import { startDevice } from '../page/devices';
import { median, sideBySide, type Contestant } from '../measure';
import { createEngineTrainer } from '../peers/engine-trainer';
import { createJaxTrainer } from '../peers/jax-llama';
import { createPlainTfjsTrainer } from '../peers/plain-tfjs-llama';
import type { Measured, Measurements } from '../rows';
import { SHAPE_1M, randomBatch, randomParameters } from '../shapes';
import type { SectionOptions } from './section';

const SEED = 11;
/** Losses of peers may differ by this much at every step. */
const LOSS_TOLERANCE = 1e-3;

export async function wasmStep({ isQuick, say }: SectionOptions): Promise<Measurements> {
	const rounds = isQuick ? { warmUp: 1, measured: 3 } : { warmUp: 2, measured: 10 };
	const fresh = () => randomParameters(SHAPE_1M.config, SEED);
	const device = await startDevice('wasm');
	const tfjs = await startDevice('tfjs-wasm');
	const ours = createEngineTrainer(await device.createModel(SHAPE_1M.config, fresh()));
	const oursAsked = createEngineTrainer(await device.createModel(SHAPE_1M.config, fresh()));
	const oldEngine = createEngineTrainer(await tfjs.createModel(SHAPE_1M.config, fresh()));
	const jax = await createJaxTrainer(SHAPE_1M, fresh());
	const plain = createPlainTfjsTrainer(SHAPE_1M, fresh());
	const losses: Record<string, number[]> = {};
	const batch = (round: number) => randomBatch(SHAPE_1M, SEED, round);
	const asked = (name: string, trainer: { step: typeof jax.step }): Contestant => ({
		name,
		run: async (round) => {
			(losses[name] ??= []).push(await trainer.step(batch(round)));
		}
	});
	const blind: Contestant = { name: 'ours', run: (round) => ours.stepBlind(batch(round)) };
	const lossesOfOurs: Contestant = {
		name: 'our losses',
		run: async (round) => {
			(losses['ours'] ??= []).push(await ours.loss(batch(round)));
		}
	};
	const times = await sideBySide(
		[
			lossesOfOurs,
			blind,
			asked('jax-js', jax),
			asked('ours, loss asked for', oursAsked),
			asked('TensorFlow.js, plain', plain),
			asked('TensorFlow.js with own gradients', oldEngine)
		],
		rounds
	);
	for (const trainer of [ours, oursAsked, oldEngine, jax, plain]) {
		trainer.dispose();
	}
	device.dispose();
	for (const [name, values] of Object.entries(losses)) {
		say(`  ${name}: losses ${values.map((x) => x.toFixed(5)).join(' ')}`);
	}
	const ms = (name: string) => median(times[name] ?? []);
	const apart = (name: string) =>
		Math.max(...(losses['ours'] ?? [NaN]).map((x, i) => Math.abs(x - (losses[name]?.[i] ?? NaN))));
	const ratio = (name: string): Measured =>
		apart(name) <= LOSS_TOLERANCE
			? ms(name) / ms('ours')
			: { failed: `its losses differ by ${apart(name).toExponential(1)}` };
	return {
		'wasm step: jax-js / ours': ratio('jax-js'),
		'wasm step: plain TensorFlow.js / ours': ratio('TensorFlow.js, plain'),
		'wasm step: TensorFlow.js with own gradients / ours': ratio('TensorFlow.js with own gradients'),
		'wasm step: ours': ms('ours'),
		'wasm step: ours, loss asked for': ms('ours, loss asked for'),
		'wasm step: jax-js': ms('jax-js'),
		'wasm step: plain TensorFlow.js': ms('TensorFlow.js, plain'),
		'wasm step: largest difference of losses': Math.max(
			apart('jax-js'),
			apart('TensorFlow.js, plain')
		)
	};
}
