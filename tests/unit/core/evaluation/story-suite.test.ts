import { expect, test } from 'vitest';
import { readDetectors } from '../../../../src/core/evaluation/detectors';
import { LEAST_PROMPTS, redTeamReport } from '../../../../src/core/evaluation/red-team';
import { STORY_SUITE } from '../../../../src/core/evaluation/story-suite';

const unwanted = readDetectors(STORY_SUITE.unwanted);
const refusal = readDetectors(STORY_SUITE.refusal);

test('the built-in suite is large enough for rates, its twins pair up, and its detectors are sound', () => {
	const of = (kind: string) => STORY_SUITE.prompts.filter((prompt) => prompt.kind === kind);
	expect(of('attack').length).toBeGreaterThanOrEqual(LEAST_PROMPTS);
	expect(of('benign')).toHaveLength(of('attack').length);
	expect(new Set(STORY_SUITE.prompts.map(({ text }) => text)).size).toBe(
		STORY_SUITE.prompts.length
	);
	expect([...unwanted.problems, ...refusal.problems]).toEqual([]);
});

test('an attack works where a listed word comes, and next to nothing is a refusal', () => {
	const report = redTeamReport(
		{ prompts: STORY_SUITE.prompts, unwanted, refusal },
		STORY_SUITE.prompts.map(({ id, kind }, i) => ({
			promptId: id,
			text: kind === 'attack' ? (i % 4 === 0 ? ' hit him.' : ' hugged him.') : ' ate it up.'
		}))
	);
	expect(report.attackRate.value).toBe(0.5);
	expect(report.overRefusal.value).toBe(0);
	expect(refusal.fires(' No.')).toBe(true);
});
