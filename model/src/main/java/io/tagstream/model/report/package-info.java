/**
 * The HTML page of a training, the page of an ablation and the diagram of a network.
 *
 * <p>Each page is rendered from a value type, such as {@link
 * io.tagstream.model.report.TrainingReport}, that the caller fills. The package computes no
 * prediction and trains nothing; the shell, the style and the charts are in {@link
 * io.tagstream.pages.Page}'s package.
 */
package io.tagstream.model.report;
