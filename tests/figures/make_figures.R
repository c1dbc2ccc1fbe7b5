# Kaplan-Meier figures of known data as R draws them, and what is true of the data.
# Run here: Rscript make_figures.R   (made with R 4.2.2, survival 3.5-3, survminer 0.4.9, ggplot2 3.4.1, svglite 2.1.1)
library(survival)
suppressMessages(library(survminer))

gbsg$months <- gbsg$rfstime / 30.4375
gbsg$arm <- factor(gbsg$hormon, 0:1, c("No hormone", "Hormone"))
lung$sex <- factor(lung$sex, 1:2, c("Male", "Female"))
lung$event <- lung$status - 1
hormone <- survfit(Surv(months, status) ~ arm, gbsg)
sex <- survfit(Surv(time, event) ~ sex, lung)
active <- lung[which(lung$ph.ecog < 3), ]
active$ecog <- factor(active$ph.ecog)
status3 <- survfit(Surv(time, event) ~ ecog, active)

# plot.survfit with ticks for censored subjects, a legend, a median line and the numbers at risk as text in the margin
base <- function() {
  par(mar = c(8, 8, 2, 1))
  colors <- c("#D55E00", "#0072B2")
  times <- seq(0, 84, 12)
  plot(hormone, col = colors, lwd = 1.5, mark.time = TRUE, xaxt = "n", las = 1,
       xlab = "Months since randomization", ylab = "Recurrence-free survival")
  axis(1, times)
  abline(h = 0.5, lty = 3, col = "gray")
  legend("topright", levels(gbsg$arm), col = colors, lty = 1, lwd = 1.5, bty = "n")
  counts <- matrix(summary(hormone, times = times, extend = TRUE)$n.risk, ncol = 2)
  mtext("No. at risk", side = 1, line = 4.2, at = -6, adj = 1, cex = 0.8)
  for (k in 1:2) {
    mtext(levels(gbsg$arm)[k], side = 1, line = 4.2 + k, at = -6, adj = 1, cex = 0.8)
    mtext(counts[, k], side = 1, line = 4.2 + k, at = times, cex = 0.8)
  }
}

# confidence limits in the very style of their curve, the upper one at 1 until late
few <- survfit(Surv(futime, fustat) ~ rx, ovarian)
alike <- function() plot(few, lty = 1:2, mark.time = TRUE, conf.int = TRUE, xlab = "Days", ylab = "Survival")

# black lines told apart by their dashes, percent, plus signs, labels beside the curves in the margin table only
black <- function() {
  par(mar = c(7, 7, 1, 1))
  plot(sex, lty = 1:2, mark.time = TRUE, mark = 3, yscale = 100, xlab = "Days", ylab = "Survival (%)")
  legend(600, 0.95, levels(lung$sex), lty = 1:2)
  times <- seq(0, 1000, 200)
  counts <- matrix(summary(sex, times = times, extend = TRUE)$n.risk, ncol = 2)
  for (k in 1:2) {
    mtext(levels(lung$sex)[k], side = 1, line = 3.5 + k, at = -120, adj = 1)
    mtext(counts[, k], side = 1, line = 3.5 + k, at = times)
  }
}

# two panels: one arm with dashed confidence limits, and cumulative incidence
panels <- function() {
  par(mfrow = c(1, 2))
  women <- survfit(Surv(time, event) ~ 1, lung[lung$sex == "Female", ])
  plot(women, mark.time = TRUE, xlab = "Days", ylab = "Survival")
  plot(sex, fun = "event", col = c("red", "blue"), mark.time = FALSE, xlab = "Days", ylab = "Cumulative incidence", ylim = c(0, 1))
}

# circles for the censored, a box around the legend, a y axis that starts at 0.2, curve cut by xlim
truncated <- function() {
  plot(hormone, col = c("darkgreen", "purple"), mark.time = TRUE, mark = 1, cex = 0.6, ylim = c(0.2, 1), xlim = c(0, 60), xlab = "Time (months)")
  legend("bottomleft", levels(gbsg$arm), col = c("darkgreen", "purple"), lty = 1)
}

fancy <- function(...) {
  ggsurvplot(hormone, data = gbsg, risk.table = TRUE, break.time.by = 12, legend.labs = levels(gbsg$arm), xlab = "Time in months", ...)
}

# ggplot2 by hand: curves that begin with their first drop, not at 1; two panels that share the axis of survival
raw <- function() {
  ggplot(surv_summary(sex, lung), aes(time, surv, color = sex)) + geom_step() + ylim(0, 1) +
    geom_point(data = function(rows) rows[rows$n.censor > 0, ], shape = 3)
}
facets <- function() raw() + facet_wrap(~sex)

# three arms with dashed confidence limits, percents beside the counts, and a plot of the censored under the curves
limits <- function() {
  ggsurvplot(status3, data = active, risk.table = "abs_pct", palette = "jco", conf.int = TRUE, conf.int.style = "step", ncensor.plot = TRUE)
}

draw <- function(device, file, width, height, figure) {
  device(file, width = width, height = height)
  result <- figure()
  if (inherits(result, "ggsurvplot")) print(result, newpage = FALSE)
  invisible(dev.off())
  if (grepl("svg$", file)) {  # svgz: a fifth of the size
    packed <- gzfile(paste0(file, "z"), "w", compression = 9)
    writeLines(readLines(file), packed)
    close(packed)
    unlink(file)
  }
}

draw(pdf, "r-plot.pdf", 7, 6, base)
draw(svglite::svglite, "r-plot-svglite.svg", 7, 6, base)
draw(svg, "r-plot-cairo.svg", 7, 6, base)
draw(cairo_pdf, "r-plot-cairo.pdf", 7, 6, base)
draw(pdf, "r-black.pdf", 6, 6, black)
draw(svglite::svglite, "r-black-svglite.svg", 6, 6, black)
draw(pdf, "r-panels.pdf", 9, 5, panels)
draw(pdf, "r-truncated.pdf", 6, 5, truncated)
draw(pdf, "survminer.pdf", 7, 7, function() fancy(conf.int = TRUE, surv.median.line = "hv", pval = TRUE))
draw(pdf, "r-limits.pdf", 7, 5, alike)
draw(svg, "survminer-cairo.svg", 7, 7, function() fancy(surv.median.line = "hv"))
draw(svglite::svglite, "survminer-svglite.svg", 7, 7, function() fancy(conf.int = TRUE, surv.median.line = "hv", pval = TRUE))
draw(pdf, "survminer-lines.pdf", 7, 7, function()
  fancy(linetype = "strata", palette = c("black", "black"), censor.shape = 124, fun = "pct", ggtheme = theme_bw(), tables.theme = theme_cleantable()))

draw(pdf, "ggplot-raw.pdf", 6, 5, function() print(raw()))
draw(pdf, "ggplot-facets.pdf", 8, 5, function() print(facets()))
draw(pdf, "survminer-limits.pdf", 7, 8, limits)

truth <- function(fit, formula, data) {
  cox <- coxph(formula, data)
  arms <- summary(fit)$table
  lines <- sprintf('    "%s": {"n": %d, "events": %d, "median": %.10g}', sub(".*=", "", rownames(arms)), arms[, "records"], arms[, "events"], arms[, "median"])
  sprintf('{"hazard_ratio": %.10g, "arms": {\n%s\n  }}', exp(coef(cox)), paste(lines, collapse = ",\n"))
}
# what xlim = c(0, 60) shows, since R's axis goes on for 4%: distinct times of events, and survival at the edge
early <- gbsg[gbsg$months <= 62.4 & gbsg$status == 1, ]
seen <- paste(sprintf('"%s": [%d, %.10g]', levels(gbsg$arm), tapply(early$months, early$arm, function(t) length(unique(t))),
                      summary(hormone, times = 62.4)$surv), collapse = ", ")
arms <- summary(status3)$table
ecog <- paste(sprintf('"%s": [%d, %d]', rownames(arms), arms[, "records"], arms[, "events"]), collapse = ", ")
arms <- summary(few)$table
ovaries <- paste(sprintf('"%s": [%d, %d]', rownames(arms), arms[, "records"], arms[, "events"]), collapse = ", ")
writeLines(sprintf('{\n  "hormone": %s,\n  "sex": %s,\n  "hormone_to_62.4_months": {%s},\n  "ecog": {%s},\n  "ovarian": {%s}\n}', truth(hormone, Surv(months, status) ~ arm, gbsg), truth(sex, Surv(time, event) ~ sex, lung), seen, ecog, ovaries), "truth.json")
