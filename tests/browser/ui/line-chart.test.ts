import { expect, test } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import '../../../src/styles/tokens.css';
import '../../../src/styles/base.css';
import { ChartLink } from '../../../src/ui/charts/chart-link.svelte';
import LineChart from '../../../src/ui/charts/LineChart.svelte';

const base = {
	title: 'Reward',
	version: 1,
	lines: [{ label: 'reward', tone: 'reward' as const, xs: [1, 2, 3, 4], ys: [0, 1, NaN, 3] }]
};

test('a chart says its latest value, and a gap is not a number', async () => {
	const link = new ChartLink();
	await render(LineChart, { ...base, link });
	await expect.element(page.getByRole('img', { name: 'Reward: reward 3' })).toBeVisible();
	link.hover(3);
	await expect.element(page.getByText('at step 3')).toBeVisible();
	await expect.element(page.getByText('–')).toBeVisible();
});

test('pressing a point selects its step', async () => {
	const link = new ChartLink();
	const screen = await render(LineChart, { ...base, link });
	const canvas = screen.container.querySelector('canvas');
	await expect.poll(() => canvas?.clientWidth ?? 0).toBeGreaterThan(100);
	canvas?.dispatchEvent(
		new MouseEvent('click', { bubbles: true, clientX: canvas.getBoundingClientRect().right - 4 })
	);
	expect(link.selected).toBe(4);
});

test('new points are drawn when the version grows', async () => {
	const link = new ChartLink();
	const screen = await render(LineChart, { ...base, link });
	const lines = [
		{ ...base.lines[0], label: 'reward', tone: 'reward' as const, xs: [1, 2], ys: [5, 7] }
	];
	await screen.rerender({ lines, version: 2 });
	await expect.element(page.getByRole('img', { name: 'Reward: reward 7' })).toBeVisible();
});
