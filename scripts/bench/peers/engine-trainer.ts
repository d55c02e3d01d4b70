/** One of the app's own engines as a trainer of the benchmark. */
import type { LanguageModel } from '../../../workers/engine/language-model';
import { ADAMW, nextTokenCoefficients, nextTokenLoss, nextTokenLossFunction } from '../shapes';
import type { PeerTrainer } from './trainer';

export interface EngineTrainer extends PeerTrainer {
	/** The step without asking for the loss, which its gradient does not need. */
	stepBlind(batch: Parameters<PeerTrainer['step']>[0]): Promise<void>;
	/** Loss of the weights as they are. */
	loss(batch: Parameters<PeerTrainer['step']>[0]): Promise<number>;
}

export function createEngineTrainer(model: LanguageModel): EngineTrainer {
	const want = ['logProb'] as const;
	const pass = { temperature: 1, want };
	return {
		step: async (batch) => {
			const { loss } = await model.backward(batch, nextTokenLossFunction(batch), pass);
			await model.step(ADAMW);
			return loss;
		},
		stepBlind: async (batch) => {
			await model.backward(batch, nextTokenCoefficients(batch), pass);
			await model.step(ADAMW);
		},
		loss: async (batch) => nextTokenLoss(batch, (await model.score(batch, pass)).logProb),
		dispose: () => model.dispose()
	};
}
