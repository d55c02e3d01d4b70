import type { EngineOperation, OperationCounts } from '../../protocol/trainer';

const operations: Record<EngineOperation, string> = {
	sample: 'draw',
	score: 'score',
	backward: 'gradient',
	step: 'update'
};

const operationHelp: Record<EngineOperation, string> = {
	sample: 'Draws new tokens, one column of all rows at a time.',
	score: 'Reads texts and says how likely each of their tokens is.',
	backward: 'Works out how each weight would have to change.',
	step: 'Changes the weights.'
};

type Row = Exclude<keyof OperationCounts, 'tokens' | 'wallMs' | 'bindGroups'> | 'speed';

const rows: Record<Row, string> = {
	calls: 'calls',
	speed: 'tokens/s',
	dispatches: 'dispatches',
	submits: 'submits',
	readbacks: 'readbacks',
	jsMs: 'JavaScript, ms',
	gpuMs: 'graphics card, ms'
};

const rowHelp: Record<Row, string> = {
	calls:
		'How often the app asked for it. The numbers below are those of one call: a training step is one gradient and one update.',
	speed: 'Tokens drawn or read per second, while it ran.',
	dispatches:
		'One small program started on the graphics card, over many numbers at once. A training step is a list of them; fewer and larger ones are faster.',
	submits:
		'A list of dispatches handed to the graphics card. Each costs time of its own, so many dispatches share one.',
	readbacks:
		'Numbers fetched back from the graphics card. The page has to wait for them, so there should be few.',
	jsMs: 'Time in which JavaScript prepared the work. It should be small: the rest is computing.',
	gpuMs: 'Time in which the graphics card computed, by its own clock.'
};

/** Words of the engine's counters. */
export const engine = {
	operations,
	operationHelp,
	rows,
	rowHelp,
	lately: 'Per call, the last ones',
	total: 'Per call, since the engine started',
	words: 'What these words mean',
	notMeasured: (rows: string) => `Not measured here: ${rows}.`,
	memory: (held: string, used: string) => `Memory: ${held} held, ${used} of it in use.`,
	memoryUsed: (used: string) => `Memory: ${used} in use.`,
	kernels: 'Chosen for this machine',
	kernelsHelp:
		'Which variant of a computation is fastest differs from machine to machine. The choice is recorded with each run.',
	notLoaded: 'The counters start when the model is loaded.',
	on: (backend: string, device: string) => (device ? `${backend}, ${device}` : backend),
	notExact: 'not bit-exact with its first part',
	notExactHelp:
		'It went on with another engine than it began with, so its last digits can differ from those of a run that was not interrupted.'
};
