/** Small settings of this browser, in localStorage. Everything that belongs to a study is in the database instead. */
import * as v from 'valibot';
import { ASKING } from '../core/feedback/selection';

/** A field that is missing or spoilt falls back alone; the others stay. */
const schema = v.object({
	theme: v.fallback(v.picklist(['system', 'light', 'dark']), 'system'),
	backend: v.fallback(
		v.picklist(['auto', 'webgpu', 'wasm', 'tfjs-webgpu', 'tfjs-wasm', 'cpu']),
		'auto'
	),
	/** null: the default model of this machine. */
	model: v.fallback(v.nullable(v.string()), null),
	/** Kernels chosen on this machine's graphics devices, by `deviceKey`. */
	kernels: v.fallback(v.record(v.string(), v.record(v.string(), v.string())), {}),
	activeStudyId: v.fallback(v.nullable(v.string()), null),
	/** Who answers; null: the study's first annotator. */
	annotatorId: v.fallback(v.nullable(v.string()), null),
	hasShortcuts: v.fallback(v.boolean(), true),
	/** Keys that a person chose, by the id of what they do. */
	keys: v.fallback(v.record(v.string(), v.array(v.string())), {}),
	/** After an answer, tell what had been predicted. */
	reveals: v.fallback(v.boolean(), false),
	/** By what the next pairs are chosen. */
	asking: v.fallback(v.picklist(ASKING), 'bald'),
	/** Texts with dark words wait behind a veil until one asks to see them. */
	veilsDarkText: v.fallback(v.boolean(), false),
	/** Completions to rank at once. */
	rankingSize: v.fallback(v.picklist([3, 4]), 3),
	/** A choice is stored only after Enter. */
	confirmsAnswers: v.fallback(v.boolean(), false),
	/** Decay of the charts' moving average; 0 = raw. */
	smoothing: v.fallback(v.pipe(v.number(), v.minValue(0), v.maxValue(0.999)), 0.6),
	/** Keys of the guide's steps that are done. */
	guideDone: v.fallback(v.array(v.string()), []),
	isGuideHidden: v.fallback(v.boolean(), false)
});

export type PreferenceValues = v.InferOutput<typeof schema>;

const KEY = 'tiller.preferences';

type Keeper = Pick<Storage, 'getItem' | 'setItem'>;

/** Reads once, keeps a validated copy, writes through. Where localStorage is closed, preferences last for this page. */
export class Persisted {
	readonly #keeper: Keeper | null;
	#values: PreferenceValues;

	constructor(keeper: Keeper | null = localStorageOrNull()) {
		this.#keeper = keeper;
		this.#values = this.#read();
	}

	get values(): Readonly<PreferenceValues> {
		return this.#values;
	}

	/** Changes some preferences; a value that does not fit becomes the default. */
	set(changes: Partial<PreferenceValues>): void {
		this.#values = v.parse(schema, { ...this.#values, ...changes });
		try {
			this.#keeper?.setItem(KEY, JSON.stringify({ version: 1, ...this.#values }));
		} catch {
			// Full or closed: the choice still holds for this page.
		}
	}

	#read(): PreferenceValues {
		let stored: unknown = {};
		try {
			stored = JSON.parse(this.#keeper?.getItem(KEY) ?? '{}');
		} catch {
			// Spoilt or closed: start from the defaults.
		}
		const result = v.safeParse(schema, stored);
		return result.success ? result.output : v.parse(schema, {});
	}
}

function localStorageOrNull(): Keeper | null {
	try {
		return globalThis.localStorage;
	} catch {
		// Reading the property itself throws where site data is blocked.
		return null;
	}
}
