import type { JobPhase } from '../../protocol/trainer';

const phases: Record<JobPhase, string> = {
	prepare: 'getting ready',
	sample: 'writing',
	score: 'scoring',
	advantages: 'working out what was better than expected',
	update: 'updating the weights',
	train: 'learning the answers',
	ensemble: 'asking for second opinions',
	'hold-out': 'testing on held-out prompts',
	normalise: 'setting the scale',
	save: 'saving'
};

/** Words shared by the two training views. */
export const training = {
	phases,
	pause: 'Pause',
	resume: 'Resume',
	step: 'Step',
	stop: 'Stop',
	pauseHelp: 'Pauses after the step under way; nothing is lost.',
	stepHelp: 'Runs one phase (writing, scoring, weighing, updating), then pauses again.',
	resumeHelp: 'Goes on from where it paused.',
	stopHelp: 'Ends the run and keeps everything it has made.',
	controls: 'Run controls',
	progress: 'Progress of the run',
	stepOf: (step: number, total: number, unit: string) => `${unit} ${step} of ${total}`,
	unitStep: 'step',
	iteration: 'iteration',
	tokensPerSecond: (value: string) => `${value} tokens/s`,
	elapsed: (clock: string) => `${clock} so far`,
	left: (text: string) => `${text} left`,
	leftUnknown: 'time left after five steps',
	seed: (seed: number) => `seed ${seed}`,
	newSeed: 'New seed',
	newSeedHelp:
		'The same seed and settings give the same run. Take a new one to see how much is luck.',
	status: {
		running: 'running',
		paused: 'paused',
		done: 'finished',
		stopped: 'stopped',
		failed: 'failed'
	},
	interrupted: (step: number) => `Paused at step ${step} when the page went away.`,
	resumeRun: 'Resume',
	pausedAfter: (phase: string) => `paused, last: ${phase}`,
	pausing: 'Pausing after this step',
	stopping: 'Stopping',
	starting: 'Starting',
	stoppedAt: (name: string, step: number) => `${name} stopped at step ${step}. Everything is kept.`,
	finished: (name: string) => `${name} is finished.`,
	finishedTitle: 'Finished: ',
	runningTitle: (percent: string) => `${percent} `,
	invariants: 'Checks',
	invariantOk: 'holds',
	invariantBroken: 'broken',
	atMost: (value: string, limit: string) => `measured ${value}, at most ${limit}`,
	atLeast: (value: string, limit: string) => `measured ${value}, at least ${limit}`,
	invariantsAll: (n: number) => `${n} checks hold`,
	invariantsBroken: (n: number) => (n === 1 ? '1 check is broken' : `${n} checks are broken`),
	otherRun: 'Another run is using the engine. Stop or finish that one first.',
	wakeLock: 'The screen stays awake while this runs.'
};
