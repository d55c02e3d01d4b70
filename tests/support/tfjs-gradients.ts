/**
 * Node's stand-in for `@tensorflow/tfjs-core/dist/register_all_gradients`: TensorFlow.js for Node is CommonJS, in which the
 * gradients come with the union package alone.
 */
import { createRequire } from 'node:module';

createRequire(import.meta.url)('@tensorflow/tfjs');
