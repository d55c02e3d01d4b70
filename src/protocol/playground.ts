/** The command that lets a method find the optimum of a world in which it is known. */

export type PlaygroundMethod = 'ppo' | 'rloo' | 'dpo';

export interface PlaygroundArgs {
	method: PlaygroundMethod;
	/** Reward per nat, above 0. */
	beta: number;
	/** [16], of every completion. */
	rewards: number[];
	seed: number;
}

export interface PlaygroundPath {
	/** The whole policy, [16], at the start and after each kept step. */
	policies: Float64Array[];
	/** Steps of the job at which they were kept. */
	steps: number[];
}

export interface PlaygroundCommands {
	drawPath: { args: PlaygroundArgs; result: PlaygroundPath };
}
