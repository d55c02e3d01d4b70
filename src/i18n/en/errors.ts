import type { ErrorCode } from '../../protocol/errors';

/** What happened, why, and the next thing to press. `retry` names the button that tries again. */
export interface ErrorText {
	title: string;
	why: string;
	next: string;
	retry?: string;
}

type Detail = Readonly<Record<string, unknown>>;

const named = (detail: Detail, key: string, otherwise: string) =>
	typeof detail[key] === 'string' ? String(detail[key]) : otherwise;

export const errors: Record<ErrorCode, (detail: Detail) => ErrorText> = {
	aborted: () => ({
		title: 'Stopped',
		why: 'You stopped it; everything up to there is kept.',
		next: 'Nothing needs doing.'
	}),
	'no-webgpu': () => ({
		title: 'This browser offers no GPU to the page',
		why: 'WebGPU is missing, switched off, or found no adapter.',
		next: 'Tiller can run on the processor instead, more slowly. Choose another engine in Settings.',
		retry: 'Use the processor'
	}),
	'insecure-context': () => ({
		title: 'This address hides the GPU and lasting storage',
		why: 'Browsers give them only to localhost and to HTTPS pages.',
		next: 'Open Tiller as http://localhost on this machine.'
	}),
	'backend-failed': (detail) => ({
		title: `The engine ${named(detail, 'backend', 'you chose')} could not start`,
		why: named(detail, 'reason', 'Its self-test gave wrong numbers or none.'),
		next: 'Let Tiller choose an engine, or pick another one in Settings.',
		retry: 'Choose automatically'
	}),
	'device-lost': () => ({
		title: 'The GPU was taken away',
		why: 'The system reset it, or another program needed all of it. The last finished step is stored.',
		next: 'Start the engine again, then press Resume.',
		retry: 'Start the engine again'
	}),
	'out-of-memory': () => ({
		title: 'There was not enough memory',
		why: 'The batch and its gradients did not fit.',
		next: 'Close other tabs, lower the batch or the length, or use the small model, then try again.',
		retry: 'Try again'
	}),
	'bad-settings': () => ({
		title: 'These settings do not go together',
		why: 'Two of them contradict each other, so the run did not start.',
		next: 'Change the settings named below, or go back to a preset, then start again.'
	}),
	'not-finite': () => ({
		title: 'The numbers ran away',
		why: 'A loss or gradient was not a number, so the step was thrown away. Everything before it is kept.',
		next: 'Lower the learning rate and start again from the last good step.'
	}),
	'quota-exceeded': () => ({
		title: 'The browser has no room left',
		why: 'The disk or this site’s share of it is full. What was stored before is safe; the last change was not stored.',
		next: 'Delete old runs or policies in the Library, then do it again.'
	}),
	'storage-failed': () => ({
		title: 'The browser could not store this',
		why: 'Private windows and blocked site data do that, and so does a second tab with another version.',
		next: 'Close other Tiller tabs and reload this one.',
		retry: 'Reload'
	}),
	'missing-file': (detail) => ({
		title: `${named(detail, 'file', 'Something needed')} is missing`,
		why: 'The file is not on the server, or the record was deleted.',
		next: 'Check the connection to the place Tiller is served from, or choose another model.',
		retry: 'Try again'
	}),
	'corrupt-file': (detail) => ({
		title: `${named(detail, 'file', 'A file')} is damaged`,
		why: 'It is cut short or not what its name says.',
		next: 'Fetch it again, or choose another model.',
		retry: 'Try again'
	}),
	'wrong-shape': (detail) => ({
		title: 'The weights do not fit the model',
		why: named(
			detail,
			'tensor',
			'The shapes in the file are not those its configuration describes.'
		),
		next: 'Choose another model.'
	}),
	'tokenizer-mismatch': () => ({
		title: 'The tokenizer does not fit the model',
		why: 'It knows more or other tokens than the weights do.',
		next: 'Choose another model.'
	}),
	'too-large': () => ({
		title: 'This is too large for a browser tab',
		why: 'It is over the limits that keep the tab from crashing.',
		next: 'Choose a smaller model or a smaller batch.'
	}),
	'newer-version': () => ({
		title: 'A newer Tiller stored this',
		why: 'This tab runs an older version, which could damage it.',
		next: 'Reload to get the newer version.',
		retry: 'Reload'
	}),
	'unknown-format': () => ({
		title: 'This is no feedback file that Tiller knows',
		why: 'Its first rows fit none of the formats it can read.',
		next: 'Choose the format yourself when you import it, or save the data in one of those formats.'
	}),
	'answers-changed': () => ({
		title: 'Your answers have changed since this run began',
		why: 'It learns from the answers themselves, so going on with others would be another run.',
		next: 'Start a new run with the answers as they are now.'
	}),
	'not-enough-data': () => ({
		title: 'There are not enough answers yet',
		why: 'A reward model needs several answered pairs from several prompts.',
		next: 'Compare a few more pairs.'
	}),
	'worker-crashed': () => ({
		title: 'The engine stopped unexpectedly',
		why: 'The browser ended it, most often for lack of memory. The last finished step is stored.',
		next: 'Start the engine again, then press Resume.',
		retry: 'Start the engine again'
	}),
	internal: () => ({
		title: 'Something in Tiller went wrong',
		why: 'This is a mistake in the program, not yours. What was stored is safe.',
		next: 'Reload the page. To report it, copy the diagnostics in Settings.',
		retry: 'Reload'
	})
};

export const problem = {
	details: 'What the program said',
	dismiss: 'Dismiss',
	openSettings: 'Open Settings'
};
