/**
 * Words that make a children's story happier or sadder, for the simulated annotator. One line a family: forms of one word
 * count once. Words with a second, neutral sense in stories ("like", "well", "kind", "mean", "bit") are left out.
 */

const HAPPY = `
happy happily happiness happier happiest
joy joyful joyfully enjoy enjoys enjoyed enjoying enjoyable
glad gladly
cheerful cheerfully cheer cheers cheered cheering
merry merrily
jolly
delight delighted delightful delights
laugh laughs laughed laughing laughter
smile smiles smiled smiling
giggle giggles giggled giggling
grin grins grinned grinning
fun funny
play plays played playing playful playfully
love loves loved loving lovely lovingly
hug hugs hugged hugging
kiss kisses kissed kissing
cuddle cuddles cuddled cuddling cuddly
snuggle snuggled snuggling
friend friends friendly friendship
kindness kindly kinder
nice nicely nicer
sweet sweetly sweetest
gentle gently
caring cared
share shares shared sharing
help helps helped helping helpful
thank thanks thanked thankful
grateful gratefully
proud proudly
brave bravely bravery courage
excite excited excitedly excitement exciting
wonderful wonderfully
amazing amazed
great greatest
good
best
better
perfect perfectly
beautiful beautifully beauty
pretty
cute
adorable
shiny shine shines shone shining
bright brightly brighter
sparkle sparkles sparkled sparkling sparkly
colorful colourful
magic magical
special
favorite favourite
delicious
yummy
tasty
treat treats
candy
cake cakes
cookie cookies
gift gifts present presents
surprise surprises
party parties
birthday
celebrate celebrated celebrating celebration
dance dances danced dancing
sing sings sang singing song songs
music
clap claps clapped clapping
jump jumps jumped jumping
skip skips skipped skipping
sunny sunshine
rainbow rainbows
warm warmth warmly
cozy cosy
soft softly
safe safely
peace peaceful peacefully
calm calmly
relax relaxed
comfort comfortable comforted
hope hopes hoped hopeful
dream dreams dreamed
wish wishes
lucky luck luckily
win wins won winner
prize
treasure treasures
hero heroes
clever
smart
wise
strong stronger strength
healthy
succeed succeeded success successful
praise praised
forgive forgave forgiven
rescue rescued
welcome welcomed
together
adventure adventures
hooray hurray yay
wow
`;

const SAD = `
sad sadly sadness sadder
unhappy unhappily
cry cries cried crying
tears
weep wept weeping
sob sobbed sobbing
sorrow
miserable
gloomy
lonely loneliness
alone
upset
hurt hurts hurting
pain painful
ache aches
sick
wound wounded
bleed blood
die dies died dying dead death
kill killed
fear fears feared fearful
afraid
scare scares scared scary scaring
frighten frightened frightening
terrify terrified terrible terribly
horrible
awful
nervous nervously
worry worries worried worrying
anxious
panic panicked
angry angrily anger
mad
furious
grumpy
yell yells yelled yelling
scream screams screamed screaming
shout shouted shouting
fight fights fought fighting
hit hits
punch punched
bite bites bitten
steal stole stolen stealing
thief
lie lied lying liar
cheat cheated
tease teased teasing
rude rudely
selfish
greedy
jealous
naughty
nasty
cruel
wicked evil
bad badly
worse worst
hate hates hated
ugly
dirty
mess messy
smelly
yucky
disgusting
broken broke break breaks
ruin ruined
destroy destroyed
crash crashed
fall fell falling
lost lose loses losing
missing
trap trapped
stuck
danger dangerous
monster monsters
ghost
storm
dark darkness
cold
poor
hungry
thirsty
tired
weak
bored boring
sorry
regret regretted
ashamed
embarrassed
guilty
shame
disappoint disappointed
frustrated
trouble
problem
wrong
fail failed
unfair
mistake
punish punished punishment
warn warned
hopeless
helpless
useless
ouch
`;

/** From each form to its family, which is named by its first form. */
function familiesOf(lines: string): ReadonlyMap<string, string> {
	const families = lines.trim().split('\n');
	return new Map(
		families.flatMap((line) => {
			const forms = line.split(' ');
			return forms.map((form): [string, string] => [form, forms[0] ?? form]);
		})
	);
}

export const HAPPY_WORDS = familiesOf(HAPPY);
export const SAD_WORDS = familiesOf(SAD);
