/// <reference lib="webworker" />
/** Entry of the trainer worker: wires the trainer to its port, its files and its storage, and nothing else. */
import wasmUrl from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.wasm?url';
import simdUrl from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm?url';
import relaxedKernelsUrl from '../.cache/kernels/relaxed.wasm?url';
import simdKernelsUrl from '../.cache/kernels/simd.wasm?url';
import '../src/trusted-types';
import { toStudioError } from '../src/protocol/errors';
import { serve } from '../src/protocol/rpc';
import type { TrainerCommands, TrainerEvent } from '../src/protocol/trainer';
import { openStudio } from '../src/storage/db';
import { fetchKernels } from './engine/wasm/fetch-kernels';
import { fetchModelFile } from './model-files';
import { Trainer } from './trainer';

const base = new URL(import.meta.env.BASE_URL, self.location.origin);

const trainer = new Trainer({
	wasmPaths: { plain: wasmUrl, simd: simdUrl },
	readKernels: fetchKernels({ simd: simdKernelsUrl, relaxed: relaxedKernelsUrl }),
	readFile: fetchModelFile(base, (loadedBytes, totalBytes) =>
		emit({ type: 'loading', loadedBytes, totalBytes })
	),
	openDb: () => openStudio(),
	emit: (event, transfer) => emit(event, transfer),
	onDeviceLost: (error) => {
		const { code, message, detail } = toStudioError(error);
		emit({ type: 'deviceLost', error: { code, message, detail: { ...detail } } });
	}
});

const emit = serve<TrainerCommands, TrainerEvent>(self, trainer.handlers);
