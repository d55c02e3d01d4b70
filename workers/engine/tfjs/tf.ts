/** The only import of TensorFlow.js: core, then its gradients (which need core's flags). Backends come when first asked for. */
import { tidy, type TensorContainer } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';

export * from '@tensorflow/tfjs-core';

/** tf.tidy for results of any shape, with nulls among them: it walks containers whatever their type says. */
export function tidied<T>(f: () => T): T {
	return tidy(f as () => TensorContainer) as T;
}
