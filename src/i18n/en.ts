/** Every text of the interface, in English: the source of truth for any other language. */
import { charts } from './en/charts';
import { compare } from './en/compare';
import { data } from './en/data';
import { engine } from './en/engine';
import { errors, problem } from './en/errors';
import { evaluate } from './en/evaluate';
import { frame } from './en/frame';
import { imports } from './en/import';
import { learn } from './en/learn';
import { library } from './en/library';
import { link } from './en/link';
import { methods } from './en/methods';
import { playground } from './en/playground';
import { prompts } from './en/prompts';
import { reliability } from './en/reliability';
import { reward } from './en/reward';
import { robot } from './en/robot';
import { rounds } from './en/rounds';
import { sample } from './en/sample';
import { settings } from './en/settings';
import { stepThrough } from './en/step-through';
import { training } from './en/training';
import { tune } from './en/tune';

export const en = {
	...frame,
	charts,
	compare,
	data,
	engine,
	errors,
	evaluate,
	imports,
	learn,
	library,
	link,
	problem,
	methods,
	playground,
	prompts,
	reliability,
	reward,
	robot,
	rounds,
	sample,
	settings,
	stepThrough,
	training,
	tune
};
