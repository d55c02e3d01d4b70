import { expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';
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

test('the table has every number, and its opening says where the curve went', async () => {
	const link = new ChartLink();
	await render(LineChart, { ...base, direction: 'up', link });
	await page.getByRole('button', { name: 'Table of “Reward”' }).click();
	const table = page.getByRole('table', { name: 'Reward' });
	await expect.element(table).toBeVisible();
	expect(table.element().querySelectorAll('tbody tr')).toHaveLength(4);
	await expect.element(table.getByRole('columnheader', { name: 'reward' })).toBeVisible();
	await expect
		.element(page.getByRole('status').first())
		.toHaveTextContent('reward: from 0 at step 1 to 3 now, at step 4, best 3 at step 4.');
});

test('arrows read the points, plus zooms all charts of a view, 0 shows everything', async () => {
	const link = new ChartLink();
	const xs = Array.from({ length: 41 }, (_, i) => i);
	const lines = [{ label: 'reward', tone: 'reward' as const, xs, ys: xs.map((x) => 2 * x) }];
	await render(LineChart, { ...base, lines, link });
	const reader = page.getByRole('slider', { name: 'Read “Reward” step by step' });
	(reader.element() as HTMLElement).focus();
	await userEvent.keyboard('{ArrowLeft}');
	expect(link.hovered).toBe(39);
	await expect.element(reader).toHaveAttribute('aria-valuetext', 'at step 39, reward 78');
	await userEvent.keyboard('+');
	expect(link.range?.to).toBeLessThanOrEqual(40);
	expect((link.range?.to ?? 0) - (link.range?.from ?? 0)).toBeCloseTo(40 / 1.5, 9);
	await expect.element(page.getByRole('button', { name: /Show all steps/ })).toBeVisible();
	await userEvent.keyboard('0');
	expect(link.range).toBeNull();
	await userEvent.keyboard('{Enter}');
	expect(link.selected).toBe(39);
});

test('a drag shows the steps between, a double click shows all, and a drag picks nothing', async () => {
	const link = new ChartLink();
	const xs = Array.from({ length: 101 }, (_, i) => i);
	const lines = [{ label: 'reward', tone: 'reward' as const, xs, ys: xs }];
	const screen = await render(LineChart, { ...base, lines, link });
	const canvas = screen.container.querySelector('canvas');
	await expect.poll(() => canvas?.clientWidth ?? 0).toBeGreaterThan(100);
	const box = canvas?.getBoundingClientRect();
	const at = (share: number) => ({
		...{ bubbles: true, button: 0, pointerType: 'mouse' },
		clientX: (box?.left ?? 0) + share * (box?.width ?? 0),
		clientY: (box?.top ?? 0) + 40
	});
	canvas?.dispatchEvent(new PointerEvent('pointerdown', at(0.4)));
	canvas?.dispatchEvent(new PointerEvent('pointermove', at(0.6)));
	canvas?.dispatchEvent(new PointerEvent('pointerup', at(0.6)));
	canvas?.dispatchEvent(new MouseEvent('click', at(0.6)));
	expect(link.selected).toBeNull();
	expect(link.range?.from).toBeGreaterThan(30);
	expect(link.range?.to).toBeLessThan(65);
	canvas?.dispatchEvent(new WheelEvent('wheel', { ...at(0.5), deltaY: -100, cancelable: true }));
	const before = link.range;
	canvas?.dispatchEvent(
		new WheelEvent('wheel', { ...at(0.5), deltaY: -100, altKey: true, cancelable: true })
	);
	expect((link.range?.to ?? 0) - (link.range?.from ?? 0)).toBeCloseTo(
		((before?.to ?? 0) - (before?.from ?? 0)) / 1.25,
		6
	);
	canvas?.dispatchEvent(new MouseEvent('dblclick', at(0.5)));
	expect(link.range).toBeNull();
});

test('a logarithmic axis says what it leaves out', async () => {
	const link = new ChartLink();
	const screen = await render(LineChart, { ...base, link, logY: true });
	await expect.element(page.getByText('1 value at or below 0')).toBeVisible();
	await screen.rerender({ logY: false, logX: true });
	await expect.element(page.getByText('1 value at or below 0')).not.toBeInTheDocument();
});
