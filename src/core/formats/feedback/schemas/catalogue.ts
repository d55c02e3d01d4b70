/** Every format there is, the more specific before the more general. */
import type { ForeignSchemaName } from '../row';
import { arena } from './arena';
import { hhRlhf } from './hh-rlhf';
import { openaiPreference } from './openai-preference';
import type { FeedbackSchema } from './schema';
import { summaries } from './summaries';
import { table } from './table';
import { trlPreference } from './trl-preference';
import { trlPromptCompletion, trlPromptOnly, trlUnpaired } from './trl-single';

export const SCHEMAS: Readonly<Record<ForeignSchemaName, FeedbackSchema>> = {
	arena,
	'openai-preference': openaiPreference,
	'summarize-from-feedback': summaries,
	table,
	'hh-rlhf': hhRlhf,
	'trl-preference': trlPreference,
	'trl-unpaired': trlUnpaired,
	'trl-prompt-completion': trlPromptCompletion,
	'trl-prompt-only': trlPromptOnly
};
