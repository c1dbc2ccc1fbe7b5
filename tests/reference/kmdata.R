# Files in the layout of the R package kmdata, made of survival::aml (leukemia, maintenance chemotherapy): run with
#   Rscript kmdata.R      in this folder; writes kmdata/*.rda and kmdata/expected.csv.
# As there, each figure is a data frame of class kmdata with time, event, arm and attributes; the first level of arm is the control,
# also where it is not first in the alphabet; kmdata_key has a row for each figure, its arms in the order of the alphabet.
# Figures: AML_1A with the hazard ratio of the data; AML_2B with one that is not (0.80), in weeks; AML_3 with its inverse; AML_4 without one.
library(survival)

figure <- function(name, event, units, title) {
  data <- data.frame(time = aml$time, event = as.integer(aml$status),
                     arm = factor(tolower(as.character(aml$x)), levels = c("nonmaintained", "maintained")))
  structure(data, class = c("kmdata", "data.frame"), name = name, title = title, units = units, event = event, arms = 1:2,
            source = "Miller RG. Survival Analysis. Wiley 1981.", quality = c(12L, 12L, 100L))
}
fit <- coxph(Surv(time, event) ~ arm, figure("AML_1A", "RFS", "weeks", "AML, figure 1A"))
hr <- unname(exp(coef(fit)))

names <- c("AML_1A", "AML_2B", "AML_3", "AML_4")
kmdata_key <- data.frame(
  name = names, Journal = "Survival Analysis", PubMedID = c(1, 2, 3, NA), TrialRegistration = c("NCT00000001", "NR", NA, "NR"),
  Title = "Maintenance", Year = 1981L, ClinicalTrial = "AML", Figure = c("1A", "2B", "3", "4"), Cancer = "Leukemia",
  Subgroups = c(NA, "all", NA, NA), ReportedSampleSize = c(23, 30, NA, 23), Outcome = c("RFS", "OS", "RFS", "RFS"),
  Units = c("weeks", "weeks", "weeks", "months"), HazardRatio = c(round(hr, 2), 0.8, round(1 / hr, 3), NA),
  Arms = "maintained, nonmaintained", NumberOfArms = 2, QualityScore = c(12L, 5L, NA, 9L), QualityMax = c(12L, 12L, 12L, 12L)
)
kmdata_key$Metastatic <- factor("Non-metastatic")

AML_1A <- figure("AML_1A", "RFS", "weeks", "AML, figure 1A")
AML_2B <- figure("AML_2B", "OS", "weeks", "AML, figure 2B")
AML_3 <- figure("AML_3", "RFS", "weeks", "AML, figure 3")
AML_4 <- figure("AML_4", "RFS", "weeks", "AML, figure 4")
save(AML_1A, file = "kmdata/AML_1A.rda")
save(AML_2B, file = "kmdata/AML_2B.rda", compress = "bzip2")
save(AML_3, file = "kmdata/AML_3.rda", compress = "xz")
save(AML_4, file = "kmdata/AML_4.rda", compress = FALSE)
save(kmdata_key, file = "kmdata/kmdata_key.rda")
ci <- summary(fit)$conf.int
write.csv(data.frame(hr = ci[1], lower = ci[3], upper = ci[4]), "kmdata/expected.csv", row.names = FALSE)
