# Writes the reference values of tests/test_reanalysis.py: one JSON file per data set, beside this script.
#   Rscript tests/reference/make_reference.R
# Each file holds the data too, so that the tests need no R. Needs R with survival and MASS (both ship with R).
suppressPackageStartupMessages(library(survival))

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))

json <- function(x) {
  if (is.null(x)) return("null")
  if (is.list(x)) {
    items <- vapply(x, json, "")
    if (is.null(names(x))) return(sprintf("[%s]", paste(items, collapse = ", ")))
    return(sprintf("{%s}", paste(sprintf("\"%s\": %s", names(x), items), collapse = ",\n")))
  }
  cells <- if (is.character(x)) sprintf("\"%s\"", x) else sprintf("%.17g", as.numeric(x))
  cells[is.na(x)] <- "null"
  if (length(x) == 1 && !inherits(x, "AsIs")) cells else sprintf("[%s]", paste(cells, collapse = ", "))
}

# What R refuses, or computes with a warning (a coefficient on its way to infinity), is null.
precise <- coxph.control(eps = 1e-11, toler.chol = 1e-13, iter.max = 50)
or_null <- function(expr) tryCatch(expr, error = function(e) NULL, warning = function(w) NULL)

limits <- function(y, type, level) {
  table <- summary(survfit(y ~ 1, conf.type = type, conf.int = level))$table
  unname(table[c("median", grep("[LU]CL", names(table), value = TRUE))])
}

one_arm <- function(y, tau, times, level) {
  log_log <- survfit(y ~ 1, conf.type = "log-log", conf.int = level)
  linear <- survfit(y ~ 1, conf.type = "plain", conf.int = level)
  at_log <- summary(survfit(y ~ 1, conf.type = "log", conf.int = level), times = times, extend = TRUE)
  at <- summary(log_log, times = times, extend = TRUE)
  at_linear <- summary(linear, times = times, extend = TRUE)
  mean <- survival:::survmean(log_log, rmean = tau)$matrix
  list(
    n = log_log$n, events = sum(y[, 2]),
    median = limits(y, "log-log", level), median_linear = limits(y, "plain", level), median_log = limits(y, "log", level),
    follow_up = limits(Surv(y[, 1], 1 - y[, 2]), "log-log", level),
    rmst = unname(mean[c("rmean", "se(rmean)")]),
    n_risk = I(vapply(times, function(t) sum(y[, 1] >= t), 0)),
    survival = I(at$surv), se = I(at$std.err), lower = I(at$lower), upper = I(at$upper),
    lower_log = I(at_log$lower), upper_log = I(at_log$upper),
    lower_linear = I(at_linear$lower), upper_linear = I(at_linear$upper)
  )
}

one_pair <- function(y, treated, stratum) {
  fit <- or_null(coxph(y ~ treated, ties = "efron", control = precise))
  cox <- function(fit) if (is.null(fit)) NULL else unname(c(coef(fit), sqrt(vcov(fit)), summary(fit)$coefficients[, "Pr(>|z|)"]))
  result <- list(
    cox = cox(fit),
    logrank = or_null(survdiff(y ~ treated)$chisq),
    rho = or_null(survdiff(y ~ treated, rho = 1)$chisq),
    zph = if (is.null(fit)) NULL else or_null(cox.zph(fit, transform = "km")$table[1, "chisq"])
  )
  if (!is.null(stratum)) {
    result$stratified_cox <- cox(or_null(coxph(y ~ treated + strata(stratum), ties = "efron", control = precise)))
    result$stratified_logrank <- or_null(survdiff(y ~ treated + strata(stratum))$chisq)
    result$stratified_zph <- cox.zph(coxph(y ~ treated + strata(stratum), control = precise))$table[1, "chisq"]
  }
  result
}

reference <- function(name, source, time, event, arm, base, tau, times, stratum = NULL, level = 0.95) {
  arm <- as.character(arm)
  y <- survival:::aeqSurv(Surv(time, event))
  labels <- unique(arm)
  every <- or_null(survdiff(y ~ arm))
  result <- list(
    source = source, R = R.version.string, survival = as.character(packageVersion("survival")),
    reference = base, tau = tau, times = I(times), level = level,
    time = I(time), event = I(as.integer(event)), arm = I(arm), stratum = if (is.null(stratum)) NULL else I(as.character(stratum)),
    arms = sapply(labels, function(l) one_arm(y[arm == l], tau, times, level), simplify = FALSE),
    pairs = sapply(setdiff(labels, base), function(l) {
      both <- arm %in% c(l, base)
      one_pair(y[both], as.integer(arm[both] == l), if (is.null(stratum)) NULL else stratum[both])
    }, simplify = FALSE),
    logrank = if (is.null(every)) NULL else c(every$chisq, length(every$n) - 1)
  )
  writeLines(json(result), file.path(here, paste0(name, ".json")))
}

d <- MASS::gehan
reference("freireich", "MASS::gehan: Freireich 1963, weeks of remission", d$time, d$cens, d$treat, "control", 20, c(5, 10, 20, 23))
d <- lung
reference("lung", "survival::lung, days, by sex", d$time, d$status == 2, ifelse(d$sex == 2, "female", "male"), "male", 900, c(0, 180, 365, 730))
d <- gbsg
reference("gbsg", "survival::gbsg, days to recurrence or death, by hormonal therapy", d$rfstime, d$status,
          ifelse(d$hormon == 1, "hormone", "none"), "none", 2400, c(365, 1000, 2000))
d <- ovarian
reference("ovarian", "survival::ovarian, days, by treatment; 90% intervals", d$futime, d$fustat, paste0("rx", d$rx), "rx1", 1000,
          c(100, 500, 1000), level = 0.9)
d <- veteran
reference("veteran", "survival::veteran, days, by treatment, strata = celltype", d$time, d$status, ifelse(d$trt == 2, "test", "standard"),
          "standard", 500, c(30, 100, 365), stratum = d$celltype)
d <- colon[colon$etype == 1, ]
reference("colon", "survival::colon, days to recurrence, by treatment (three arms), strata = extent of disease", d$time, d$status, d$rx, "Obs", 2500,
          c(365, 1825), stratum = d$extent)

ab <- function(n, m) rep(c("a", "b"), c(n, m))
reference("ties", "made up: ties of events with events and with censorings, within and between arms",
          c(1, 2, 2, 2, 3, 3, 5, 1, 1, 2, 3, 3, 4, 5), c(1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 0), ab(7, 7), "b", 5, c(1, 2, 3))
reference("one_time", "made up: all events of both arms at the same time", rep(2, 6), rep(1, 6), ab(4, 2), "b", 2, c(1, 2))
reference("last", "made up: last observation an event in a, censored in b", c(1, 3, 4, 6, 2, 4, 5, 7), c(1, 0, 1, 1, 1, 1, 0, 0), ab(4, 4), "b", 6,
          c(2, 5, 6))
reference("half", "made up: survival exactly 0.5 from 2 to 5 in a, from 3 to the end in b",
          c(1, 2, 5, 6, 1, 3, 4, 7), c(1, 1, 1, 1, 1, 1, 0, 0), ab(4, 4), "b", 6, c(2, 4))
reference("thirds", "made up: 0.5 as the product 3/4 * 2/3 after a censoring, and 5/6 * 4/5 * 3/4", c(1, 2, 4, 5, 1, 2, 3, 6, 7, 8),
          c(1, 1, 1, 0, 1, 1, 1, 0, 1, 0), ab(4, 6), "b", 5, c(2, 3))
reference("no_events", "made up: no events in a", c(2, 3, 5, 6, 1, 2, 4, 5), c(0, 0, 0, 0, 1, 1, 1, 0), ab(4, 4), "b", 5, c(1, 4))
reference("separated", "made up: all of b failed before the first event of a", c(4, 5, 6, 7, 1, 2, 3), c(1, 1, 0, 1, 1, 1, 1), ab(4, 3), "b", 3, c(2))
reference("near_ties", "made up: 0.1 + 0.2 and 0.3, 0.7 and 0.1 * 7", c(0.3, 0.1 + 0.2, 0.5, 0.7, 1, 0.1 + 0.2, 0.3, 0.4, 0.1 * 7, 0.9),
          c(1, 1, 0, 1, 0, 1, 0, 1, 1, 1), ab(5, 5), "b", 0.9, c(0.5))
reference("time_zero", "made up: an event and a censoring at time 0", c(0, 1, 2, 4, 0, 2, 3, 5), c(1, 1, 0, 1, 0, 1, 1, 1), ab(4, 4), "b", 4, c(0, 2))
