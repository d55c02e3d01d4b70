/** The only import of TensorFlow.js: core with its gradients. Backends are registered in backends.ts, each when first asked for. */
import '@tensorflow/tfjs-core/dist/register_all_gradients';
export * from '@tensorflow/tfjs-core';
