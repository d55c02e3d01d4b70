import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import { defineConfig } from 'eslint/config';
import globals from 'globals';
import ts from 'typescript-eslint';

/**
 * Imports run one way: core <- protocol <- storage <- state <- ui <- App, and core <- protocol <- workers.
 * A path names a room by its folder: '../storage/db' is of storage.
 * @param {string} rooms
 * @param {string} message
 */
const noRoom = (rooms, message) => ({ regex: `^\\.{1,2}/(.*/)?(${rooms})/`, message });

const noWorkers = noRoom('workers', 'The page reaches workers only through src/protocol/rpc.ts.');
const noTensorflow = {
	regex: '^@tensorflow/',
	message: 'Only workers/ knows tensors. Algorithms see plain arrays.'
};
const noIdb = { regex: '^idb($|/)', message: 'Only src/storage/ talks to IndexedDB.' };
const noChart = { regex: '^chart\\.js', message: 'Use the component in src/ui/charts/.' };
const noSvelte = {
	regex: '^(svelte($|/)|.*\\.svelte(\\.ts)?$)',
	message: 'No Svelte below src/state/.'
};

/**
 * @param {string[]} files
 * @param {object[]} patterns
 * @returns {import('eslint').Linter.Config}
 */
const layer = (files, patterns) => ({
	files,
	rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] }
});

const UNSAFE_SYNTAX = [
	{
		selector: 'MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]',
		message: 'Text goes in as text nodes, never as HTML.'
	},
	{
		selector: "SvelteAttribute[key.name='style']",
		message:
			'The Content-Security-Policy blocks inline styles; use style:property={value} or a class.'
	}
];
const UNSEEDED_SYNTAX = [
	{
		selector: "MemberExpression[property.name='multinomial']",
		message: 'Sampling uses the own counter-based PRNG (src/core/random.ts).'
	},
	{
		selector:
			'MemberExpression[object.name=/^(tf|tfc)$/][property.name=/^(train|random.*|truncatedNormal|dropout)$/]',
		message:
			'Optimisers and randomness are our own: those of TensorFlow.js cannot be resumed exactly.'
	},
	{
		selector:
			'ImportDeclaration[source.value=/(@tensorflow\\u002F|\\u002Ftf$)/] > ImportSpecifier[imported.name=/^(train|multinomial|random.*|truncatedNormal|dropout)$/]',
		message:
			'Optimisers and randomness are our own: those of TensorFlow.js cannot be resumed exactly.'
	}
];
const NO_DATA_SYNC = {
	selector: 'MemberExpression[property.name=/^(dataSync|arraySync)$/]',
	message: 'Synchronous reads of a WebGPU tensor give zeros; see workers/engine/tfjs/host-read.ts.'
};
const NO_DEFAULT_EXPORT = {
	selector: 'ExportDefaultDeclaration',
	message: 'Named exports only.'
};

export default defineConfig(
	{
		ignores: [
			...['dist/', 'public/', 'coverage/', 'tests/golden/', 'node_modules/', '.cache/'],
			// AssemblyScript.
			'workers/engine/wasm/kernels/'
		]
	},
	js.configs.recommended,
	ts.configs.recommended,
	svelte.configs.recommended,
	{
		rules: {
			curly: 'error',
			eqeqeq: ['error', 'always', { null: 'ignore' }],
			'no-eval': 'error',
			'no-implied-eval': 'error',
			'no-new-func': 'error',
			'no-restricted-properties': [
				'error',
				{
					object: 'Math',
					property: 'random',
					message: 'Use the seeded PRNG in src/core/random.ts.'
				}
			]
		}
	},
	{
		// Playwright's callbacks run in a page.
		files: ['scripts/**', '*.config.*'],
		languageOptions: { globals: { ...globals.node, ...globals.browser } }
	},
	{
		files: ['**/*.ts'],
		extends: [ts.configs.recommendedTypeChecked],
		languageOptions: {
			parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname }
		},
		rules: {
			// An interface may be asynchronous where one of its implementations is not.
			'@typescript-eslint/require-await': 'off',
			'@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }]
		}
	},
	{
		files: ['**/*.svelte'],
		languageOptions: {
			globals: globals.browser,
			parserOptions: { parser: ts.parser }
		},
		rules: { 'svelte/no-at-html-tags': 'error', 'svelte/no-target-blank': 'error' }
	},
	{
		// Local sets and maps are not state; what is state is held in $state.raw and replaced.
		files: ['**/*.svelte', '**/*.svelte.ts'],
		rules: { 'svelte/prefer-svelte-reactivity': 'off' }
	},
	{
		// Svelte's own parser reads these; the TypeScript one underneath knows their types.
		files: ['**/*.svelte.ts'],
		languageOptions: {
			parserOptions: {
				parser: ts.parser,
				projectService: true,
				tsconfigRootDir: import.meta.dirname
			}
		}
	},
	{
		files: ['**/*.ts', '**/*.svelte'],
		rules: {
			'@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
			'@typescript-eslint/no-explicit-any': 'error',
			'@typescript-eslint/no-non-null-assertion': 'error',
			'@typescript-eslint/no-unused-vars': [
				'error',
				{ argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }
			],
			// The compiler knows every name.
			'no-undef': 'off'
		}
	},
	{
		files: ['src/**', 'workers/**'],
		rules: {
			'no-console': 'error',
			'no-restricted-syntax': [
				'error',
				...UNSAFE_SYNTAX,
				...UNSEEDED_SYNTAX,
				NO_DATA_SYNC,
				NO_DEFAULT_EXPORT
			]
		}
	},
	{
		files: ['workers/engine/tfjs/host-read.ts'],
		rules: {
			'no-restricted-syntax': ['error', ...UNSAFE_SYNTAX, ...UNSEEDED_SYNTAX, NO_DEFAULT_EXPORT]
		}
	},
	{ files: ['src/main.ts'], rules: { 'no-console': 'off' } },
	{
		files: ['src/core/**'],
		rules: {
			'no-restricted-globals': ['error', 'window', 'document', 'navigator', 'performance', 'fetch'],
			'no-restricted-properties': [
				'error',
				{ object: 'Math', property: 'random', message: 'Use the seeded PRNG in random.ts.' },
				{
					object: 'Date',
					property: 'now',
					message: 'The core has no clock: take the time as an argument.'
				}
			]
		}
	},
	{
		files: ['src/state/**', 'src/ui/**', 'src/*', 'workers/**'],
		rules: {
			'no-restricted-globals': ['error', 'localStorage', 'sessionStorage', 'indexedDB']
		}
	},
	layer(
		['src/core/**'],
		[
			noRoom(
				'protocol|storage|state|ui|i18n|styles|learn|workers',
				'The core imports nothing outside it.'
			),
			noTensorflow,
			noIdb,
			noChart,
			noSvelte
		]
	),
	layer(
		['src/protocol/**'],
		[
			noRoom('storage|state|ui|i18n|styles|learn|workers', 'The protocol knows only the core.'),
			noTensorflow,
			noIdb,
			noChart,
			noSvelte
		]
	),
	layer(
		['src/storage/**'],
		[
			noRoom('state|ui|i18n|styles|learn|workers', 'Storage knows only core and protocol.'),
			noTensorflow,
			noChart,
			noSvelte
		]
	),
	layer(
		['src/i18n/**', 'src/learn/**'],
		[
			noRoom('storage|state|ui|workers', 'Texts know only core and protocol.'),
			noTensorflow,
			noIdb,
			noChart
		]
	),
	layer(
		['src/state/**'],
		[
			noRoom('ui|workers', 'State knows no component and no worker code.'),
			noTensorflow,
			noIdb,
			noChart
		]
	),
	layer(
		['src/ui/**', 'src/*'],
		[
			noWorkers,
			{
				...noRoom('storage', 'Components get their data from src/state/.'),
				allowTypeImports: true
			},
			noTensorflow,
			noIdb,
			noChart
		]
	),
	layer(
		['src/ui/charts/**'],
		[
			noWorkers,
			{
				...noRoom('storage', 'Components get their data from src/state/.'),
				allowTypeImports: true
			},
			noTensorflow,
			noIdb
		]
	),
	// main.ts builds the studio from its parts.
	layer(['src/main.ts'], [noWorkers, noTensorflow, noIdb, noChart]),
	layer(
		['workers/**'],
		[
			noRoom('state|ui|i18n|styles|learn', 'Workers know core, protocol and the checkpoints.'),
			{
				regex: '/storage/(?!(checkpoints|db|journal)$)',
				message: 'Of storage, workers use checkpoints.ts, journal.ts and db.ts.'
			},
			noIdb,
			noChart,
			noSvelte
		]
	),
	{
		files: ['tests/**/*.ts'],
		rules: {
			// Golden files and test doubles are read as they come.
			'@typescript-eslint/no-unsafe-assignment': 'off',
			'@typescript-eslint/no-unsafe-argument': 'off',
			'@typescript-eslint/no-unsafe-member-access': 'off',
			'@typescript-eslint/unbound-method': 'off'
		}
	}
);
