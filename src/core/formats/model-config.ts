/** Shape of a Llama-layout decoder, read from Hugging Face's `config.json` by `parseModelConfig` (model-config-reader.ts). */
export interface ModelConfig {
	vocabSize: number;
	hiddenSize: number;
	intermediateSize: number;
	layers: number;
	heads: number;
	/** Key/value heads; fewer than `heads` means grouped-query attention. */
	kvHeads: number;
	headDim: number;
	/** Most positions the model was trained for. */
	maxPositions: number;
	rmsNormEps: number;
	ropeTheta: number;
	tiedEmbeddings: boolean;
	bosId: number | null;
	eosIds: number[];
	padId: number | null;
	/** Scalar heads read after each token: a value head for PPO, a reward head for a reward model. */
	valueHeads: number;
}
