"""Draws and what is said from them: constraints met exactly, reproducible anywhere, Rubin's rules by hand, verdicts, figures, files."""

from __future__ import annotations

import csv
import math
from collections import Counter
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from lifelines import CoxPHFitter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from scipy.stats import t as student_t

from survrecon.cli import main
from survrecon.comparison import compare
from survrecon.data import IPD, Arm, Reconstruction
from survrecon.ensemble import spreads, with_spreads
from survrecon.errors import PlotError, ReconstructionError
from survrecon.plot import plot_km
from survrecon.plot_ensemble import band, forest_rows, plot_forest
from survrecon.published import Published, PublishedValue
from survrecon.reconstruction import reconstruct
from survrecon.reconstruction._common import at_risk
from survrecon.results import Analysis, ArmAnalysis, Check, Comparison, Estimate, Spread, TestResult
from survrecon.schema import parse_printed
from survrecon.simulation import DAYS, REGIMES, SCENARIOS, digitize, simulate, withhold
from survrecon.tables import write_draws

NONE = Estimate(None, why="not asked for")
# Events at 1 and 3 in one arm, at 2 and 4 in the other: the hazard ratio is (sqrt(17) - 1) / 8, see draws.cox_two_sample.
EARLY, LATE = IPD([1, 3], [1, 1], "control"), IPD([2, 4], [1, 1], "active")
X = (math.sqrt(17) - 1) / 8
LOG_X = math.log(X)
# share of arm 1 in the risk at 1, 2 and 3: x/(1+x), 2x/(1+2x), x/(1+x); each adds share * (1 - share) to the information
SE_X = (2 * X / (1 + X) ** 2 + 2 * X / (1 + 2 * X) ** 2) ** -0.5


def figure(seed: int, regime: str, scenario: str, **fixed: float) -> list[Arm]:
    trial = simulate(seed, **fixed)
    return [withhold(arm, scenario) for arm in digitize(trial, regime, np.random.default_rng(seed))]


def same(one: tuple[IPD, ...], other: tuple[IPD, ...]) -> bool:
    return len(one) == len(other) and all(
        np.array_equal(a.time, b.time) and np.array_equal(a.event, b.event) for a, b in zip(one, other, strict=True)
    )


def drawn(label: str, *draws: IPD) -> Reconstruction:
    """A reconstruction whose draws are made by hand."""
    arm = Arm.from_arrays([0, 1], [1, 0.5], n=2, label=label)
    return Reconstruction(arm, draws[0], "joint", draws=tuple(IPD(draw.time, draw.event, label) for draw in draws))


def arm_analysis(label: str, **changes) -> ArmAnalysis:
    given = {"n": 2, "events": 2, "median": Estimate(2.0), "median_linear": Estimate(2.0), "follow_up": NONE, "last_time": 3.0}
    return ArmAnalysis(label, **(given | {"rmst": NONE, "tau": None} | changes))


def analysis_of(se: float = 0.1, **changes) -> Analysis:
    test = TestResult(4.0, 0.05)
    versus = Comparison("active", "control", Estimate(0.6, se=se), 0.05, test, {}, NONE, NONE, None, None, (), test)
    return Analysis((arm_analysis("control"), arm_analysis("active")), (versus,), "control", **changes)


def check_of(analysis: Analysis, quantity: str, printed: str, **changes) -> Check:
    value = PublishedValue(quantity, parse_printed(printed), **({"arm": "active"} | changes))
    return compare(analysis, Published("control", (value,)))[0]


# --- every draw meets what was printed


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("regime", REGIMES)
def test_every_draw_meets_everything_printed(regime, scenario):
    for arm in figure(6, regime, scenario, n=120):
        found = reconstruct(arm, draws=8, seed=3)
        assert len(found.draws) == 8
        assert {draw.n for draw in found.draws} == {120}
        assert {draw.label for draw in found.draws} == {arm.label}
        if arm.risk is not None:
            assert all(np.array_equal(at_risk(draw, found.arm.risk.time), found.arm.risk.count) for draw in found.draws)
        if arm.total_events is not None:
            assert {int(draw.event.sum()) for draw in found.draws} == {arm.total_events}


def test_draws_differ_from_each_other_and_stay_near_the_curve():
    found = reconstruct(figure(6, "clicks", "R", n=200)[0], draws=100)
    assert not same(found.draws[:1], found.draws[1:2])
    time = np.linspace(0, 0.8 * found.ipd.time[-1], 50)
    lower, upper = band(found.draws, time)
    assert (lower[0], upper[0]) == (1, 1)
    assert np.all(lower <= upper)
    assert 0 < np.max(upper - lower) < 0.1  # clicks err by 0.003 of either axis
    fitted = np.append(1.0, found.fitted.survival)[np.searchsorted(found.fitted.time, time, side="right")]
    assert np.all(np.abs(fitted - (lower + upper) / 2) < 0.05)


def test_without_draws_there_are_none():
    assert reconstruct(figure(6, "vector", "R", n=60)[0]).draws == ()


@pytest.mark.parametrize("scenario", ["N", "R", "RE"])
def test_no_censoring_and_exact_coordinates_leave_the_counts_no_freedom(scenario):
    arms = figure(2, "exact", scenario, n=60, events=1, dropout=0, accrual=0.001)
    found = [reconstruct(arm, draws=20) for arm in arms]
    for item in found:
        assert {int(draw.event.sum()) for draw in item.draws} == {60}
        # times are whole days, read to within half of one
        assert len({tuple(np.sort(np.round(draw.time * DAYS))) for draw in item.draws}) == 1
    analysis = replace(analysis_of(), arms=tuple(arm_analysis(item.label, events=60) for item in found))
    events = [spread for spread in spreads(found, analysis) if spread.quantity == "events"]
    assert [spread.reconstruction for spread in events] == [(60, 60), (60, 60)]


# --- reproducible


def test_the_same_seed_gives_the_same_draws():
    arm = figure(6, "raster", "R", n=80)[0]
    one, again, other = (reconstruct(arm, draws=5, seed=seed).draws for seed in (1, 1, 2))
    assert same(one, again)
    assert not same(one, other)


def test_arms_of_one_figure_have_their_own_draws():
    arm = figure(6, "clicks", "R", n=80)[0]
    one, other = (reconstruct(replace(arm, label=label), draws=5).draws for label in ("a", "b"))
    assert not same(one, other)


def test_the_first_chunks_do_not_depend_on_how_many_follow():
    arm = figure(6, "clicks", "R", n=60)[0]
    assert same(reconstruct(arm, draws=100).draws, reconstruct(arm, draws=130).draws[:100])


def independent_of(executor: Executor) -> bool:
    arm = figure(6, "clicks", "RE", n=60)[0]
    here = reconstruct(arm, draws=150)  # two chunks
    return same(here.draws, reconstruct(arm, draws=150, executor=executor).draws)


def test_draws_do_not_depend_on_threads():
    with ThreadPoolExecutor(2) as executor:
        assert independent_of(executor)


def test_draws_do_not_depend_on_processes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        assert independent_of(executor)


@pytest.mark.filterwarnings("ignore")  # of Dask's own
def test_draws_do_not_depend_on_dask():
    distributed = pytest.importorskip("distributed", reason="needs dask.distributed: the extra 'dask'")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
        client.get_executor() as executor,
    ):
        assert independent_of(executor)


def test_a_negative_number_of_draws_is_refused():
    with pytest.raises(ReconstructionError, match="draws = -1; give how many data sets to draw, or 0"):
        reconstruct(figure(6, "vector", "R", n=60)[0], draws=-1)


# --- spreads


def test_rubins_rules_of_a_restricted_mean_by_hand():
    # To 3. Events at 1 and 3: 1 + 2/2 = 2, variance 1^2 * 1/(2 * 1) = 0.5. Events at 2 and 3: 2 + 1/2 = 2.5, variance 0.5^2 / 2 = 0.125.
    # W = 0.3125, B = 2 * 0.25^2 = 0.125, T = W + (1 + 1/2) B = 0.5; the mean is 2.25.
    # (1 + 0.3125 / 0.1875)^2 = 7.111 degrees of freedom; qt(0.975, 7.111111) in R is 2.357155
    found = drawn("control", IPD([1, 3], [1, 1]), IPD([2, 3], [1, 1]))
    analysis = Analysis((arm_analysis("control", rmst=Estimate(2.0), tau=3.0),))
    by_name = {spread.quantity: spread for spread in spreads([found], analysis)}
    assert by_name["rmst"].reconstruction == pytest.approx((2, 2.5))
    assert by_name["rmst"].total == pytest.approx((2.25 - 2.357155 * math.sqrt(0.5), 2.25 + 2.357155 * math.sqrt(0.5)), abs=1e-5)
    assert (by_name["rmst"].value, by_name["rmst"].time, by_name["rmst"].arm) == (2, 3, "control")
    assert by_name["events"].reconstruction == (2, 2)


def test_rubins_rules_of_survival_on_three_draws_by_hand():
    # S(2.2) of two subjects is 1/2 in the first two draws, with Greenwood's 0.25 * 1/(2 * 1) = 0.125.
    found = drawn("control", IPD([1, 3], [1, 1]), IPD([2, 3], [1, 1]), IPD([1, 2.5, 3], [1, 0, 1]))
    analysis = Analysis((arm_analysis("control", survival=((2.2, Estimate(0.5)),)),))
    spread = next(spread for spread in spreads([found], analysis) if spread.quantity == "survival")
    # third draw: 2/3 after the event at 1 of three, 4/9 * 1/(3 * 2) = 2/27; censored at 2.5
    # on the scale log(-log S), with errors sqrt(0.125) / (0.5 ln 2) and sqrt(2/27) / (2/3 ln 1.5)
    points = [math.log(math.log(2)), math.log(math.log(2)), math.log(math.log(1.5))]
    within = (2 * 0.125 / (0.5 * math.log(2)) ** 2 + 2 / 27 / (2 / 3 * math.log(1.5)) ** 2) / 3
    mean = sum(points) / 3
    between = sum((point - mean) ** 2 for point in points) / 2
    assert 2 * (1 + within / (4 / 3 * between)) ** 2 == pytest.approx(164.666595)
    margin = 1.97447516 * math.sqrt(within + 4 / 3 * between)  # R: qt(0.975, 164.666595), the degrees of freedom
    assert spread.reconstruction == pytest.approx((0.5, 2 / 3))
    assert spread.total == pytest.approx((math.exp(-math.exp(mean + margin)), math.exp(-math.exp(mean - margin))), abs=1e-5)


def test_rubins_rules_of_a_hazard_ratio_are_on_the_log_scale():
    # One draw has log hazard ratio l, the other -l (the arms swapped): mean 0, B = 2 l^2, T = s^2 + 1.5 * 2 l^2.
    # R: qt(0.975, 2.4949344), the degrees of freedom (1 + s^2 / (3 l^2))^2
    found = [drawn("control", EARLY, LATE), drawn("active", LATE, EARLY)]
    spread, chi2 = spreads(found, analysis_of())[:2]
    freedom = (1 + SE_X**2 / (3 * LOG_X**2)) ** 2
    assert freedom == pytest.approx(2.4949344)
    margin = 3.5798529 * math.sqrt(SE_X**2 + 3 * LOG_X**2)
    assert (spread.quantity, spread.arm, spread.value) == ("hazard ratio", "active", 0.6)
    assert spread.reconstruction == pytest.approx((X, 1 / X))
    assert spread.total == pytest.approx((math.exp(-margin), math.exp(margin)), rel=1e-5)
    # the score -0.6667 and its variance 0.7222 of draws.logrank_two_sample; swapping arms changes its sign only
    assert chi2.reconstruction == pytest.approx((0.4444 / 0.7222,) * 2, abs=1e-3)


def test_a_median_that_is_not_reached_is_later_than_all_others():
    found = drawn("control", IPD([1, 3], [1, 1]), IPD([1, 3, 4], [1, 0, 0]), IPD([1, 3, 4], [1, 0, 0]))
    spread = next(item for item in spreads([found], Analysis((arm_analysis("control"),))) if item.quantity == "median")
    assert spread.reconstruction == (2, math.inf)
    assert (spread.total, spread.why) == (None, "3 of 3 draws have no sampling error of their own")


def test_draws_that_agree_leave_sampling_error_alone():
    found = drawn("control", IPD([1, 3], [1, 1]), IPD([1, 3], [1, 1]))
    analysis = Analysis((arm_analysis("control", rmst=Estimate(2.0), tau=3.0),))
    spread = next(item for item in spreads([found], analysis) if item.quantity == "rmst")
    assert spread.total == pytest.approx((2 - 1.959964 * math.sqrt(0.5), 2 + 1.959964 * math.sqrt(0.5)), abs=1e-5)


def test_one_draw_has_no_total_interval():
    analysis = Analysis((arm_analysis("control", rmst=Estimate(2.0), tau=3.0),))
    spread = next(item for item in spreads([drawn("control", IPD([1, 3], [1, 1]))], analysis) if item.quantity == "rmst")
    assert (spread.reconstruction, spread.total) == ((2, 2), None)
    assert spread.why == "one draw tells nothing of the variance between draws; ask for 20 or more"


def test_the_file_of_draws_pooled_as_the_readme_says_gives_our_interval(tmp_path):
    """By lifelines and scipy, from the file alone."""
    found = [reconstruct(arm, draws=8) for arm in figure(6, "clicks", "N", n=60)]
    write_draws(tmp_path / "ipd-draws.csv", [item.draws for item in found])
    table = pd.read_csv(tmp_path / "ipd-draws.csv").assign(arm=lambda rows: (rows["arm"] == "active").astype(int))
    exact = {"precision": 1e-12}  # lifelines stops early otherwise, 2e-4 short of R on one of these draws
    data = [rows.drop(columns="draw") for _, rows in table.groupby("draw")]
    fits = [CoxPHFitter().fit(rows, "time", "event", fit_options=exact).summary.loc["arm"] for rows in data]
    estimates, errors = (np.array([fit[name] for fit in fits]) for name in ("coef", "se(coef)"))
    within, between = np.mean(errors**2), np.var(estimates, ddof=1)
    assert between > 0
    total = within + (1 + 1 / 8) * between
    margin = student_t.ppf(0.975, 7 * (1 + within / ((1 + 1 / 8) * between)) ** 2) * math.sqrt(total)
    spread = spreads(found, analysis_of())[0]
    assert spread.quantity == "hazard ratio"
    assert spread.total == pytest.approx((math.exp(estimates.mean() - margin), math.exp(estimates.mean() + margin)), rel=1e-5)


def test_no_draws_no_spreads():
    analysis = analysis_of(notes=("one",))
    found = [replace(drawn(label, EARLY), draws=()) for label in ("control", "active")]
    assert spreads(found, analysis) == ()
    assert with_spreads(found, analysis) == analysis


def test_a_hazard_ratio_that_is_not_determined_is_said():
    # log HR from -0.941 to 0.941: half as wide as 3.92 standard errors where these are 0.96
    found = [drawn("control", EARLY, LATE), drawn("active", LATE, EARLY)]
    assert abs(-LOG_X / 1.959964 - 0.48) < 0.001  # half of 0.96
    loose, tight = (with_spreads(found, analysis_of(se, notes=("one",))) for se in (0.95, 0.97))
    what = "it leaves 0.39 to 2.56 open, 51% of the width of the confidence interval"  # 1.881 / (2 * 1.96 * 0.95) = 0.505
    assert loose.undetermined == (f"what was given does not determine the hazard ratio of active: {what}",)
    assert tight.undetermined == ()
    assert loose.notes == tight.notes == ("one",)


# --- verdicts


@pytest.mark.parametrize(
    ("printed", "expected", "far"),
    # the draws leave 0.58 to 0.62; half a printed digit more is 0.575 to 0.625, 0.05 wide
    [
        ("0.58", "agrees", None),
        ("0.62", "agrees", None),
        ("0.625", "differs", "0.11 times its width"),  # 0.5795 to 0.6205 for three digits: 0.0045 outside of 0.041
        ("0.63", "differs", "0.1 times its width"),
        ("0.50", "differs", "1.5 times its width"),
        ("<0.50", "differs", "2 times its width"),  # all of 0.58 to 0.62 lies above: 0.08 of 0.04
        ("<0.60", "agrees", None),
    ],
)
def test_a_hazard_ratio_is_judged_by_the_reconstruction_interval(printed, expected, far):
    given = analysis_of(spreads=(Spread("hazard ratio", "active", None, 0.6, (0.58, 0.62), (0.4, 0.9)),))
    check = check_of(given, "hazard_ratio", printed)
    assert check.verdict == expected
    assert check.why.startswith("95% of the draws that the figure and the printed numbers leave open lie from 0.58 to 0.62")
    assert ("the published one lies" in check.why) == (far is not None)
    assert far is None or far in check.why


def test_other_arms_and_times_have_their_own_spread():
    survival = tuple(Spread("survival", arm, time, 0.5, (0.4, 0.6)) for arm in ("active", "control") for time in (6.0, 12.0))
    survival = (*survival[:1], replace(survival[1], reconstruction=(0.1, 0.2)), *survival[2:])
    arms = tuple(arm_analysis(label, survival=((6.0, Estimate(0.5)), (12.0, Estimate(0.5)))) for label in ("control", "active"))
    given = replace(analysis_of(spreads=survival), arms=arms)
    keys = [(arm, time) for arm in ("active", "control") for time in (6, 12)]
    verdicts = {(arm, time): check_of(given, "survival", "0.50", arm=arm, time=time).verdict for arm, time in keys}
    assert verdicts == {("active", 6): "agrees", ("active", 12): "differs", ("control", 6): "agrees", ("control", 12): "agrees"}


def test_a_number_that_was_used_stays_used():
    given = analysis_of(spreads=(Spread("median", "active", None, 2.0, (1.9, 2.1)),), used=("median active",))
    assert check_of(given, "median", "2.0").verdict == "used as input"
    assert check_of(replace(given, used=()), "median", "2.0").verdict == "agrees"


# --- figures


def test_band_by_hand():
    draws = [IPD([1, 4], [1, 1]), IPD([2, 4], [1, 1]), IPD([1, 3, 4], [1, 1, 1])]
    # curves: 1/2 from 1; 1/2 from 2; 2/3 from 1 and 1/3 from 3
    lower, upper = band(draws, np.array([0.5, 1.5, 2.5, 3.5]))
    # of three sorted values a, b, c the quantiles 0.025 and 0.975 are a + 0.05 (b - a) and c - 0.05 (c - b)
    assert lower == pytest.approx([1, 0.5 + 0.05 * (2 / 3 - 0.5), 0.5, 1 / 3 + 0.05 * (0.5 - 1 / 3)])
    assert upper == pytest.approx([1, 1 - 0.05 * (1 - 2 / 3), 2 / 3 - 0.05 * (2 / 3 - 0.5), 0.5])


def test_band_ends_where_most_draws_end():
    draws = [IPD([1, 3], [1, 0]), IPD([1, 3], [1, 0]), IPD([1, 5], [1, 0])]
    lower, upper = band(draws, np.array([2.0, 4.0]))
    assert (lower[0], upper[0]) == (0.5, 0.5)
    assert np.isnan([lower[1], upper[1]]).all()


def check(quantity: str, published: str, arm: str | None = "active") -> Check:
    return Check(quantity, arm, published, 1.0, None, None, "agrees", "")


ROWS = (
    (check("hazard ratio", "0.58"), Spread("hazard ratio", "active", None, 0.6, (0.58, 0.62), (0.4, 0.9))),
    (check("median", "20"), Spread("median", "active", None, 21.0, (20.0, 22.0))),
    (check("survival at 12", "0.5"), Spread("survival", "active", 12.0, 0.5, (0.49, 0.51), (0.4, 0.6))),
    (check("RMST to 12", "8.5"), Spread("rmst", "active", 12.0, 8.4, (8.3, 8.5), (7, 10))),
)


def test_forest_pairs_each_published_number_with_its_spread():
    checks, found = zip(*ROWS, strict=True)
    assert [(each.quantity, number) for each, number, _ in forest_rows(checks, found)] == [
        ("hazard ratio", 0.58), ("median", 20), ("survival at 12", 0.5), ("RMST to 12", 8.5)
    ]  # fmt: skip
    unusable = [
        (check("median", "not reached"), ROWS[1][1]),
        (check("median", "20"), replace(ROWS[1][1], reconstruction=(20, math.inf))),
        (check("median", "20", "control"), ROWS[1][1]),
        (check("survival at 6", "0.5"), ROWS[2][1]),
    ]
    assert [forest_rows([each], [spread]) for each, spread in unusable] == [[]] * 4


def test_forest_draws_multiples_of_the_published_number():
    ax = plot_forest(*zip(*ROWS, strict=True))
    lines = [line.get_xydata().tolist() for line in ax.get_lines()]
    assert [[0.58 / 0.58, 0], [0.62 / 0.58, 0]] in lines  # reconstruction alone
    assert [[0.4 / 0.58, 0], [0.9 / 0.58, 0]] in lines  # with sampling error
    assert [[21 / 20, 1]] in lines  # ours
    assert [label.get_text().splitlines()[0] for label in ax.get_yticklabels()] == [
        "hazard ratio, active", "median, active", "survival at 12, active", "RMST to 12, active"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("total", "first", "last"),
    # over 0.60 the ends are 0.998 and 1.002; 0.833 and 1.25; 0.333 and 3.33; 0.0167 and 100
    [((0.599, 0.601), 0.98, 1.02), ((0.5, 0.75), 0.9, 1.2), ((0.2, 2), 0.5, 2), ((0.01, 60), 0.02, 100)],
)
def test_the_axis_of_a_forest_is_logarithmic_and_has_few_ticks(total, first, last):
    ax = plot_forest([check("hazard ratio", "0.60")], [Spread("hazard ratio", "active", None, 0.6, (0.59, 0.61), total)])
    ticks = ax.get_xticks()
    assert ax.get_xscale() == "log"
    assert 1 in np.round(ticks, 9)
    assert 3 <= len(ticks) <= 13
    assert (round(ticks[0], 9), round(ticks[-1], 9)) == (first, last)


def test_a_figure_with_draws_says_what_its_bands_are():
    found = reconstruct(figure(6, "clicks", "R", n=60)[0], draws=5)
    said = [text.get_text() for text in plot_km([found]).texts]
    assert "Points: digitized. Bands: 95% of the data sets that the figure leaves open." in said
    assert "Points: digitized." in [text.get_text() for text in plot_km([replace(found, draws=())]).texts]


def test_a_long_label_leaves_room_for_the_forest():
    label = "Docetaxel 75 mg/m2 every 3 weeks plus nintedanib 200 mg bid"
    ax = plot_forest([check("median", "9.1", label)], [Spread("median", label, None, 9.0, (8.9, 9.2))])
    FigureCanvasAgg(ax.figure).draw()
    assert ax.get_window_extent().width > 0.4 * ax.figure.bbox.width


@pytest.mark.parametrize("rows", [1, 4, 12])
def test_nothing_of_a_forest_overlaps(rows):
    ax = plot_forest(*zip(*(ROWS * 3)[:rows], strict=True))
    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in ax.get_yticklabels()]
    legend = ax.get_legend().get_window_extent(canvas.get_renderer())
    assert legend.y0 >= ax.get_window_extent().y1
    assert not any(box.overlaps(other) for box, other in zip(boxes, boxes[1:], strict=False))
    inside = ax.figure.bbox.padded(1)
    assert all(inside.contains(box.x0, box.y0) and inside.contains(box.x1, box.y1) for box in [*boxes, legend])


def test_a_forest_without_rows_says_so():
    with pytest.raises(PlotError, match="reconstruct with draws first"):
        plot_forest([check("median", "not reached")], [])


# --- command line


def command(*args: object):
    result = CliRunner().invoke(main, [str(arg) for arg in args])
    assert not isinstance(result.exception, Exception), result.exception
    return result


def test_reconstruct_writes_draws_and_forest(tiny, tmp_path):
    out = tmp_path / "out"
    result = command("reconstruct", tiny, "--draws", 20, "--seed", 4, "--out", out)
    assert result.exit_code == 0, result.output
    with (out / "ipd-draws.csv").open(newline="") as file:
        lines = csv.DictReader(file)
        assert lines.fieldnames == ["draw", "time", "event", "arm"]
        rows = list(lines)
    assert Counter((row["draw"], row["arm"]) for row in rows) == {
        (str(draw), arm): 10 for draw in range(1, 21) for arm in ("drug", "placebo")
    }
    assert {row["event"] for row in rows} == {"1"}  # all twenty subjects had the event
    assert (out / "forest.png").read_bytes().startswith(b"\x89PNG")
    assert '"seed": 4' in (out / "manifest.json").read_text()


def test_without_draws_neither_file_is_written(tiny, tmp_path):
    assert command("reconstruct", tiny, "--out", tmp_path / "out").exit_code == 0
    assert not {"ipd-draws.csv", "forest.png"} & {path.name for path in (tmp_path / "out").iterdir()}


def test_negative_draws_are_bad_input(tiny, tmp_path):
    result = command("reconstruct", tiny, "--draws", -1, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "--draws" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_method_without_draws_says_so(tiny, tmp_path):
    result = command("reconstruct", tiny, "--method", "guyot", "--draws", 5, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "method 'guyot' does not take these options: draws, seed, executor" in result.stderr
    assert not (tmp_path / "out").exists()
