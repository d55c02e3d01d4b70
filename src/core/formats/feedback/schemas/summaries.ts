/**
 * Comparisons of OpenAI's summarize-from-feedback (https://github.com/openai/summarize-from-feedback): {info, summaries: [{text,
 * policy, note}, …], choice, worker, batch, split, extra}. `info` holds the post or the article that was summarised. What the
 * numbers of `extra.confidence` mean is not documented there: they are kept, and made no strength of.
 */
import { completionText, promptText } from '../content';
import { has, objectField, optionalText, otherColumns, textField } from '../fields';
import { isObject, type JsonObject } from '../json';
import { lostAsText, type LostFact } from '../losses';
import { RowError } from '../problems';
import type { FeedbackRow, RowDraft } from '../row';
import { preferencesOf } from '../verdicts';
import { carriesAnnotator, modelOf } from './meta';
import { lossOf, ownColumns, type FeedbackSchema, type Written } from './schema';

const NAME = 'summarize-from-feedback';
const CARRIED: readonly LostFact[] = ['model'];

/** Name of the member of `info` that holds the text; it is the row's layout. */
const TEXTS = ['post', 'article'] as const;

function readSummaries(row: JsonObject): [JsonObject, JsonObject] {
	const { summaries } = row;
	if (!has(row, 'summaries')) {
		throw new RowError('missing-field', 'summaries');
	}
	const list = Array.isArray(summaries) ? summaries : [];
	const [a, b] = list;
	if (!isObject(a) || !isObject(b) || list.length !== 2) {
		throw new RowError('wrong-type', 'summaries', summaries);
	}
	return [a, b];
}

function read(row: JsonObject): RowDraft {
	const info = objectField(row, 'info');
	const layout = TEXTS.find((field) => has(info, field));
	if (layout === undefined) {
		throw new RowError('missing-field', 'info.post');
	}
	const summaries = readSummaries(row);
	if (row.choice !== 0 && row.choice !== 1) {
		throw has(row, 'choice')
			? new RowError('unknown-value', 'choice', row.choice)
			: new RowError('missing-field', 'choice');
	}
	const worker = optionalText(row, 'worker');
	return {
		kind: 'comparison',
		prompt: { text: textField(info, layout) },
		completions: summaries.map((summary) => {
			const model = optionalText(summary, 'policy');
			return { text: textField(summary, 'text'), ...(model !== undefined && { model }) };
		}),
		judgement: { outcome: row.choice === 0 ? 'a' : 'b' },
		source: 'import',
		...(worker !== undefined && { annotator: { name: worker, id: worker } }),
		origin: {
			schema: NAME,
			layout,
			columns: {
				...otherColumns(row, ['info', 'summaries', 'choice']),
				info: otherColumns(info, [layout]),
				summaries: summaries.map((summary) => otherColumns(summary, ['text']))
			}
		}
	};
}

function write(row: FeedbackRow): Written {
	const found = preferencesOf(row);
	if ('dropped' in found) {
		return found;
	}
	const own = ownColumns(row, NAME);
	if (own) {
		return { rows: [inOwnLayout(row, own)], lost: [] };
	}
	const rows = found.verdicts.map(({ chosen, rejected, places }) => {
		const isSecond = row.kind === 'comparison' && places[0] === 1;
		const sides = isSecond ? [rejected, chosen] : [chosen, rejected];
		return {
			info: { id: row.id, post: promptText(row.prompt) },
			summaries: sides.map((side) => ({
				text: completionText(side),
				policy: modelOf(side) ?? null,
				note: null
			})),
			choice: isSecond ? 1 : 0,
			worker: row.annotator?.id ?? row.annotator?.name ?? null,
			batch: null,
			split: null,
			extra: {}
		};
	});
	const more: LostFact[] = [
		...lostAsText(row),
		...(found.isPartial ? (['equal-ranks'] as const) : [])
	];
	return {
		rows,
		lost: lossOf(
			row,
			{ name: NAME, kind: 'comparison' },
			[...CARRIED, ...carriesAnnotator(row)],
			more
		)
	};
}

function inOwnLayout({ prompt, completions, judgement, origin }: FeedbackRow, own: JsonObject) {
	const rest = own.summaries;
	return {
		...own,
		info: { ...(own.info as JsonObject), [origin?.layout ?? 'post']: promptText(prompt) }, // read() made it an object
		summaries: completions.map((completion, i) => {
			const columns = Array.isArray(rest) ? rest[i] : null;
			return { text: completionText(completion), ...(isObject(columns) ? columns : {}) };
		}),
		choice: judgement?.outcome === 'b' ? 1 : 0
	};
}

export const summaries: FeedbackSchema = {
	name: NAME,
	columns: {
		info: 'json',
		summaries: 'json',
		choice: 'number',
		worker: 'optional-text',
		batch: 'optional-text',
		split: 'optional-text',
		extra: 'json'
	},
	marks: ['info', 'summaries', 'choice'],
	matches: (row) => has(row, 'info') && has(row, 'summaries') && has(row, 'choice'),
	read,
	write
};
