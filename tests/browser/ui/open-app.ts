/** The whole page on a real database, with a stand-in for the trainer worker behind the real RPC. */
import { render } from 'vitest-browser-svelte';
import App from '../../../src/App.svelte';
import { planQueue } from '../../../src/core/feedback/plan-queue';
import { Random } from '../../../src/core/random';
import { StudioError } from '../../../src/protocol/errors';
import { serve, WorkerClient, type Handlers } from '../../../src/protocol/rpc';
import type { LoadedModel, TrainerCommands, TrainerEvent } from '../../../src/protocol/trainer';
import { connectImporter } from '../../../src/state/connect-importer';
import { Studio } from '../../../src/state/studio.svelte';
import { openStudio, type StudioDb } from '../../../src/storage/db';
import { newId } from '../../../src/storage/ids';
import { Persisted } from '../../../src/storage/preferences';
import '../../../src/styles/tokens.css';
import '../../../src/styles/base.css';
import { makePortPair, type PortPair } from '../../support/port-pair';
import { makeCompletion } from '../../support/records';

export const LOADED: LoadedModel = {
	model: 'stories-1m',
	config: { vocabSize: 1024, maxPositions: 256 } as LoadedModel['config'], // all of it that the page reads
	parameters: 1_053_824,
	backend: 'cpu',
	backendReason: 'It is a stand-in.',
	device: 'test',
	reports: [{ backend: 'cpu', ok: true, reason: 'It works.', device: 'test', selfTestMs: 1 }],
	bytes: 4_200_000,
	loadMs: 10,
	kernels: {}
};

/** Every second text is a happy one, so that a simulated annotator can tell them apart. */
const SAID = [' They were happy and glad.', ' It rained.'];

export const twoMoods: Partial<Handlers<TrainerCommands>> = {
	sample: ({ prompts, perPrompt }) =>
		Promise.resolve(
			prompts.flatMap(() =>
				Array.from({ length: perPrompt }, (_, i) => makeCompletion({ text: SAID[i % 2] ?? '' }))
			)
		)
};

let written = 0;

/** Texts count up, so that no two are alike. */
function answers(): Handlers<TrainerCommands> {
	const refuse = () => Promise.reject(new Error('not in this test'));
	return {
		load: () => Promise.resolve(LOADED),
		sample: ({ prompts, perPrompt, writer }) =>
			Promise.resolve(
				prompts.flatMap(() =>
					Array.from({ length: perPrompt }, () =>
						makeCompletion({ text: ` story number ${written++}, and it was happy.`, writer })
					)
				)
			),
		encode: ({ items }) =>
			Promise.resolve({
				ids: items.map(({ text }) => Array.from(text, (c) => c.charCodeAt(0)))
			}),
		tokenize: ({ items }) =>
			Promise.resolve({
				items: items.map(({ prompt, texts }) => ({
					promptIds: [0, ...Array.from(prompt, (c) => c.charCodeAt(0) % 1024)],
					ids: texts.map((text) => Array.from(text, (c) => c.charCodeAt(0) % 1024))
				}))
			}),
		embed: ({ items }) => {
			// A text's features are how often it has each of a few letters.
			const features = items.flatMap(({ ids }) =>
				Array.from({ length: 4 }, (_, k) => ids.filter((id) => id % 4 === k).length)
			);
			return Promise.resolve({ dimension: 4, features: Float64Array.from(features) });
		},
		planQueue: (task) => Promise.resolve(planQueue(task)),
		scoreCompletions: ({ items }) =>
			Promise.resolve({ scores: Float64Array.from(items, (_, i) => i) }),
		estimateTune: () =>
			Promise.resolve({ msPerIteration: 1000, totalMs: 24_000, bytes: 1e8, tokensPerSecond: 400 }),
		measure: refuse,
		plantedLab: refuse,
		trainReward: refuse,
		tune: refuse,
		drawPath: refuse,
		openStep: refuse,
		takeStep: refuse,
		nextTokens: refuse,
		closeStep: () => Promise.resolve(null),
		control: () => Promise.resolve(null),
		engineStatistics: () => Promise.resolve(null),
		diagnostics: () => Promise.resolve({ standIn: true })
	};
}

export interface Opened {
	studio: Studio;
	db: () => Promise<StudioDb>;
	ports: PortPair[];
	close: () => Promise<void>;
}

const PROMPTS = ['Once upon a time', 'The old fox', 'In a house by the sea', 'One day, Mia']
	.map((text) => JSON.stringify({ text }))
	.join('\n');

export interface OpenOptions {
	/** A database used before, to open the page on it again. */
	name?: string;
	demo?: string;
	isStorageClosed?: boolean;
	handlers?: Partial<Handlers<TrainerCommands>>;
	/** Handlers that also send events. */
	jobs?: (emit: (event: TrainerEvent) => void) => Partial<Handlers<TrainerCommands>>;
}

export async function openApp({
	name = `ui-${newId()}`,
	demo,
	isStorageClosed = false,
	handlers,
	jobs
}: OpenOptions = {}): Promise<Opened> {
	const ports: PortPair[] = [];
	const dbs: StudioDb[] = [];
	const random = new Random(7);
	const studio = new Studio({
		openDb: async (options) => {
			if (isStorageClosed) {
				throw new StudioError('storage-failed', 'Site data is blocked');
			}
			const db = await openStudio({ ...options, name });
			dbs.push(db);
			return db;
		},
		connect: (options) => {
			const pair = makePortPair();
			ports.push(pair);
			const emit = serve<TrainerCommands, TrainerEvent>(pair.worker, {
				...answers(),
				...handlers,
				...jobs?.((event) => emit(event))
			});
			return new WorkerClient<TrainerCommands, TrainerEvent>(pair.page, options);
		},
		connectImporter,
		persisted: new Persisted(null),
		readText: (path) => {
			if (path.endsWith('.jsonl')) {
				return Promise.resolve(PROMPTS);
			}
			return demo === undefined ? Promise.reject(new Error('404')) : Promise.resolve(demo);
		},
		now: () => Date.now(),
		randomSeed: () => random.int(2 ** 32),
		isSecure: true,
		hasGpu: false
	});
	location.hash = '#/sample';
	const screen = await render(App, { studio });
	await studio.boot();
	return {
		studio,
		ports,
		db: () => openStudio({ name }),
		close: async () => {
			await screen.unmount();
			for (const db of dbs) {
				db.close();
			}
			location.hash = '';
		}
	};
}

export function goTo(view: string): void {
	location.hash = `#/${view}`;
}
