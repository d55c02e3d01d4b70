/** What a backend is to the rest of the engine: a tested place to compute on, and the maker of its models. */
import type { ModelConfig } from '../../src/core/formats/model-config';
import type { StudioError } from '../../src/protocol/errors';
import type { BackendName, EngineStatistics } from '../../src/protocol/trainer';
import type { LanguageModel } from './language-model';
import type { Parameters } from './parameters';

export interface ComputeDevice {
	readonly backend: BackendName;
	/** Adapter, SIMD level or the like, for a person. */
	readonly device: string;
	/** A model that starts from `parameters` and owns them from now on. @throws StudioError 'out-of-memory' */
	createModel(config: ModelConfig, parameters: Parameters): Promise<LanguageModel>;
	statistics(): EngineStatistics;
	/**
	 * Use the kernels that a run was recorded with, so that its numbers can be continued to the last bit.
	 * Answers false, and changes nothing, if this device cannot.
	 */
	useKernels(kernels: Record<string, string>): boolean;
	/** Ends workers and frees the device. Models made here are dead afterwards. */
	dispose(): void;
}

/** Where binaries lie and whom to tell; the worker entry fills it in, tests in Node do their own. */
export interface BackendSources {
	/** URLs or paths of TensorFlow.js' two builds without threads. */
	wasmPaths: { plain: string; simd: string };
	/** Reads a binary of our own kernels; absent where they are not built in. */
	readKernels?: (level: 'simd' | 'relaxed') => Promise<BufferSource>;
	onDeviceLost?: (error: StudioError) => void;
	/** A graphics card imitated on the processor is slower than WebAssembly: only on request. */
	refuseSoftwareGpu?: boolean;
}
