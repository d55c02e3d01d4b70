/**
 * Battles of Chatbot Arena (https://github.com/lm-sys/FastChat, monitor/clean_battle_data.py): {question_id, model_a, model_b,
 * winner, judge, conversation_a, conversation_b, turn, anony, language, tstamp}. The winner is model_a, model_b, tie or
 * "tie (bothbad)"; a row with any other winner is not taken, for readers that made ties of those have spoiled whole rankings.
 */
import { completionMessages, promptMessages } from '../content';
import {
	choiceField,
	has,
	isConversation,
	messagesField,
	optionalBoolean,
	optionalNumber,
	optionalText,
	otherColumns
} from '../fields';
import { canonicalJson, type JsonObject } from '../json';
import { lostAsChat, type LostFact } from '../losses';
import { RowError } from '../problems';
import type { FeedbackJudgement, FeedbackRow, RowDraft } from '../row';
import { isBothBad } from '../verdicts';
import { carriesAnnotator, modelOf } from './meta';
import { lossOf, ownColumns, type FeedbackSchema, type Written } from './schema';

const NAME = 'arena';
const WINNERS = ['model_a', 'model_b', 'tie', 'tie (bothbad)'] as const;
type Winner = (typeof WINNERS)[number];
const CARRIED: readonly LostFact[] = ['time', 'model'];

const JUDGEMENT: Readonly<Record<Winner, FeedbackJudgement>> = {
	model_a: { outcome: 'a' },
	model_b: { outcome: 'b' },
	tie: { outcome: 'tie' },
	'tie (bothbad)': { outcome: 'tie', qualityA: 'bad', qualityB: 'bad' }
};

/** Number of turns that both conversations begin with; each keeps one at least. */
function sharedTurns(a: readonly JsonObject[], b: readonly JsonObject[]): number {
	const most = Math.min(a.length, b.length) - 1;
	let shared = 0;
	while (shared < most && canonicalJson(a[shared]) === canonicalJson(b[shared])) {
		shared++;
	}
	return shared;
}

function read(row: JsonObject): RowDraft {
	const winner = choiceField(row, 'winner', WINNERS);
	if (!isConversation(row.conversation_a) || !isConversation(row.conversation_b)) {
		throw new RowError('no-conversation', 'conversation_a');
	}
	const a = messagesField(row, 'conversation_a');
	const b = messagesField(row, 'conversation_b');
	const shared = sharedTurns(a, b);
	if (shared === 0) {
		throw new RowError('no-common-prompt');
	}
	const models = [optionalText(row, 'model_a'), optionalText(row, 'model_b')];
	const judge = optionalText(row, 'judge');
	const seconds = optionalNumber(row, 'tstamp');
	const blind = optionalBoolean(row, 'anony');
	return {
		kind: 'comparison',
		prompt: { messages: a.slice(0, shared) },
		completions: [a, b].map((turns, i) => {
			const model = models[i];
			return { messages: turns.slice(shared), ...(model !== undefined && { model }) };
		}),
		judgement: JUDGEMENT[winner],
		source: 'import',
		...(judge !== undefined && { annotator: { name: judge, id: judge } }),
		...(seconds !== undefined && { createdAt: 1000 * seconds }),
		...(blind !== undefined && { event: { action: 'answer', blind } }),
		origin: {
			schema: NAME,
			columns: otherColumns(row, ['winner', 'conversation_a', 'conversation_b'])
		}
	};
}

function winnerOf(row: FeedbackRow): Winner | null {
	switch (row.judgement?.outcome) {
		case 'a':
			return 'model_a';
		case 'b':
			return 'model_b';
		case 'tie':
			return isBothBad(row) ? 'tie (bothbad)' : 'tie';
		default:
			return null;
	}
}

function write(row: FeedbackRow): Written {
	const winner = winnerOf(row);
	const [a, b] = row.completions;
	if (row.kind !== 'comparison' || !a || !b) {
		return { dropped: 'no-place' };
	}
	if (winner === null) {
		const isSkip = row.judgement?.outcome === 'skip';
		const isRevoked = row.event?.action === 'revoke';
		return { dropped: isSkip ? 'skip' : isRevoked ? 'taken-back' : 'not-answered' };
	}
	const prompt = promptMessages(row.prompt);
	const own = ownColumns(row, NAME);
	const common = {
		winner,
		conversation_a: [...prompt, ...completionMessages(a)],
		conversation_b: [...prompt, ...completionMessages(b)]
	};
	if (own) {
		return { rows: [{ ...own, ...common }], lost: [] };
	}
	const { qualityA, qualityB } = row.judgement ?? {};
	const keepsQuality = winner === 'tie (bothbad)' || (!qualityA && !qualityB);
	const carried = [...CARRIED, ...carriesAnnotator(row)];
	const lost = lossOf(
		row,
		{ name: NAME, kind: 'comparison' },
		keepsQuality ? [...carried, 'quality'] : carried,
		lostAsChat(row)
	);
	const columns: JsonObject = {
		question_id: row.id,
		model_a: modelOf(a) ?? 'unknown',
		model_b: modelOf(b) ?? 'unknown',
		winner,
		judge: row.annotator?.id ?? row.annotator?.name ?? 'unknown',
		conversation_a: common.conversation_a,
		conversation_b: common.conversation_b,
		turn: common.conversation_a.filter(({ role }) => role === 'user').length,
		anony: row.event?.blind ?? true,
		language: 'unknown',
		tstamp: row.createdAt === undefined ? null : row.createdAt / 1000
	};
	return { rows: [columns], lost };
}

export const arena: FeedbackSchema = {
	name: NAME,
	columns: {
		question_id: 'optional-text',
		model_a: 'optional-text',
		model_b: 'optional-text',
		winner: 'text',
		judge: 'optional-text',
		conversation_a: 'json',
		conversation_b: 'json',
		turn: 'number',
		anony: 'boolean',
		language: 'optional-text',
		tstamp: 'number'
	},
	marks: ['model_a', 'model_b', 'winner'],
	matches: (row) => has(row, 'model_a') && has(row, 'model_b') && 'winner' in row,
	read,
	write
};
