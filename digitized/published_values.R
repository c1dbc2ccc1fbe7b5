# Prints the published values of the three open-data studies with the data sets that R ships.
# Run: Rscript digitized/published_values.R
# The numbers in the study files were printed by R 4.2.2 with survival 3.5-3 and MASS 7.3-58.2.
library(survival)

show <- function(title, data, formula) {
  cat("\n==", title, "\n")
  print(survfit(formula, data))          # n, events, median; confidence intervals of type "log", R's default
  print(survdiff(formula, data))         # log-rank test
  cat("log-rank chi-squared", format(survdiff(formula, data)$chisq, digits = 6), "\n")
  print(summary(coxph(formula, data)))   # hazard ratio, Efron's method for ties, Wald test
}

cat(R.version.string, "survival", format(packageVersion("survival")), "MASS", format(packageVersion("MASS")), "\n")

gehan <- MASS::gehan                     # Freireich 1963, remission in weeks
gehan$treat <- relevel(gehan$treat, ref = "control")
show("leukemia-6mp-remission: 6-MP against placebo", gehan, Surv(time, cens) ~ treat)

show("gbsg2-hormonal-rfs: hormonal therapy against none", gbsg, Surv(rfstime, status) ~ hormon)   # days

show("ncctg-lung-sex-os: female (2) against male (1)", lung, Surv(time, status) ~ sex)            # days
