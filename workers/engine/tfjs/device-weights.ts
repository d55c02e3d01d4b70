/** Device copies of a model's host parameters, with the transposes that the forward pass multiplies by. Re-uploaded after a step. */
import type { Parameters } from '../parameters';
import * as tf from './tf';

export class DeviceWeights {
	readonly #parameters: Parameters;
	readonly #tensors = new Map<string, tf.Tensor>();
	readonly #transposed = new Map<string, tf.Tensor2D>();

	constructor(parameters: Parameters) {
		this.#parameters = parameters;
	}

	get bytes(): number {
		let bytes = 0;
		for (const t of [...this.#tensors.values(), ...this.#transposed.values()]) {
			bytes += t.size * 4;
		}
		return bytes;
	}

	get(name: string): tf.Tensor {
		let tensor = this.#tensors.get(name);
		if (!tensor) {
			const { values, shape } = this.#parameters.get(name);
			// A copy: backends may keep the array they are given, and the optimiser writes into `values`.
			tensor = tf.keep(tf.tensor(values.slice(), [...shape]));
			this.#tensors.set(name, tensor);
		}
		return tensor;
	}

	/** [in,out] of a matrix kept as [out,in]. */
	transposed(name: string): tf.Tensor2D {
		let tensor = this.#transposed.get(name);
		if (!tensor) {
			tensor = tf.keep(tf.transpose(this.get(name)) as tf.Tensor2D);
			this.#transposed.set(name, tensor);
		}
		return tensor;
	}

	/** Drop the copies of these parameters; they are uploaded again when next read. */
	invalidate(names: Iterable<string>): void {
		for (const name of names) {
			this.#tensors.get(name)?.dispose();
			this.#tensors.delete(name);
			this.#transposed.get(name)?.dispose();
			this.#transposed.delete(name);
		}
	}

	dispose(): void {
		this.invalidate([...this.#tensors.keys(), ...this.#transposed.keys()]);
	}
}
