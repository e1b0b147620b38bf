//! The figures against those of scikit-learn, and their derivatives against quotients of differences.

use super::*;

const VECTORS: &str = include_str!("../../../tests/fixtures/vectors/classification.tsv");

fn confusion(classes: usize, pairs: &[(usize, usize)]) -> Confusion {
    let mut confusion = Confusion::new(classes);
    for (expected, predicted) in pairs {
        confusion.add(*expected, Some(*predicted).filter(|class| *class < classes), 1.0);
    }
    confusion
}

/// Expected and predicted class, and the weight.
type Pair = (usize, Option<usize>, f64);

/// The fields of a vector, its matrix, and the pairs that it is made of.
fn read(line: &str) -> (Vec<&str>, Confusion, Vec<Pair>) {
    let fields: Vec<&str> = line.split('\t').collect();
    let classes: usize = fields[0].parse().unwrap();
    let mut confusion = Confusion::new(classes);
    let mut pairs = Vec::new();
    for pair in fields[1].split(' ') {
        let numbers: Vec<f64> = pair.split(',').map(|number| number.parse().unwrap()).collect();
        let [expected, predicted, weight] = numbers[..] else { panic!("{line:?}") };
        let predicted = Some(predicted as usize).filter(|class| *class < classes);
        confusion.add(expected as usize, predicted, weight);
        pairs.push((expected as usize, predicted, weight));
    }
    (fields, confusion, pairs)
}

fn numbers(field: &str) -> Vec<Option<f64>> {
    field.split(' ').map(|number| number.parse().ok()).collect()
}

fn close(own: Option<f64>, other: Option<f64>) -> bool {
    match (own, other) {
        (Some(own), Some(other)) => (own - other).abs() < 1e-9,
        (own, other) => own == other,
    }
}

/// 2,000 data sets of 1 to 40 cells of 1 to 12 classes, with weights, invalid answers and classes that are missing on
/// either side.
#[test]
fn agrees_with_scikit_learn() {
    let mut checked = 0;
    for line in VECTORS.lines().skip(1) {
        let (fields, confusion, _) = read(line);
        let classes = confusion.classes();
        let matrix: Vec<Option<f64>> = (0..classes * classes)
            .map(|at| confusion.count(at / classes, Some(at % classes)) as f64)
            .map(Some)
            .collect();
        assert_eq!(matrix, numbers(fields[2]), "{line}");
        let values = numbers(fields[3]);
        assert_eq!(values.len(), Figure::ALL.len(), "{line}");
        for (figure, value) in Figure::ALL.into_iter().zip(values) {
            let own = confusion.figure(figure);
            assert!(close(own, value), "{}: {own:?} {value:?}\n{line}", figure.name());
        }
        let present: Vec<Class> = confusion.each_class().into_iter().flatten().collect();
        let of_classes: Vec<f64> = present
            .iter()
            .map(|class| class.precision)
            .chain(present.iter().map(|class| class.recall))
            .chain(present.iter().map(|class| class.f1))
            .collect();
        let wanted = numbers(fields[4]);
        assert_eq!(of_classes.len(), wanted.len(), "{line}");
        for (own, value) in of_classes.into_iter().zip(wanted) {
            assert!(close(Some(own), value), "{own} {value:?}\n{line}");
        }
        checked += 1;
    }
    assert_eq!(checked, 2000);
}

/// The derivatives against quotients of differences, on every tenth vector.
#[test]
fn gradients_are_the_slopes_of_their_figures() {
    const STEP: f64 = 1e-5;
    let mut checked = 0;
    for line in VECTORS.lines().skip(1).step_by(10) {
        let (_, confusion, pairs) = read(line);
        for figure in Figure::ALL {
            let Some(gradient) = confusion.gradient(figure) else { continue };
            for (expected, predicted, _) in &pairs {
                let nudged = |weight| {
                    let mut other = confusion.clone();
                    other.add(*expected, *predicted, weight);
                    other.figure(figure)
                };
                let (Some(above), Some(below)) = (nudged(STEP), nudged(-STEP)) else { continue };
                let slope = (above - below) / (2.0 * STEP);
                let own = gradient.at(*expected, *predicted);
                assert!(
                    (own - slope).abs() < 1e-5 * (1.0 + slope.abs()),
                    "{} {own} {slope}\n{line}",
                    figure.name()
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 10_000, "{checked}");
}

#[test]
fn nothing_counted_is_nothing_known() {
    for confusion in [Confusion::new(0), Confusion::new(3)] {
        assert!(Figure::ALL.iter().all(|figure| confusion.figure(*figure).is_none()));
        assert!(confusion.each_class().iter().all(Option::is_none));
    }
    let mut weightless = Confusion::new(2);
    weightless.add(0, Some(1), 0.0);
    assert_eq!(weightless.figure(Figure::Accuracy), None);
    assert_eq!(weightless.count(0, Some(1)), 1);
}

#[test]
fn one_class_leaves_kappa_undefined_and_matthews_at_0() {
    let confusion = confusion(1, &[(0, 0), (0, 0)]);
    assert_eq!(confusion.figure(Figure::Accuracy), Some(1.0));
    assert_eq!(confusion.figure(Figure::Averaged(Average::Macro, Measure::F1)), Some(1.0));
    assert_eq!(confusion.figure(Figure::Kappa(Scale::Nominal)), None);
    assert_eq!(confusion.figure(Figure::Matthews), Some(0.0));
    assert!(confusion.gradient(Figure::Matthews).is_none());
}

#[test]
fn an_invalid_answer_costs_recall_and_no_precision() {
    let confusion = confusion(3, &[(0, 0), (0, 3), (1, 1)]);
    let class =
        Class { precision: 1.0, recall: 0.5, f1: 2.0 / 3.0, support: 2, predicted: 1, invalid: 1 };
    let other =
        Class { precision: 1.0, recall: 1.0, f1: 1.0, support: 1, predicted: 1, invalid: 0 };
    assert_eq!(confusion.each_class(), [Some(class), Some(other), None]);
    assert_eq!(confusion.invalid(), 1);
    assert_eq!(confusion.figure(Figure::Kappa(Scale::Linear)), None);
    assert_eq!(confusion.figure(Figure::Averaged(Average::Micro, Measure::Precision)), Some(1.0));
}

#[test]
fn many_classes_take_little_room_and_time() {
    let classes = 200_000;
    let pairs: Vec<(usize, usize)> = (0..classes).map(|i| (i, (i * 7) % classes)).collect();
    let confusion = confusion(classes, &pairs);
    let figures: Vec<Option<f64>> =
        Figure::ALL.iter().map(|figure| confusion.figure(*figure)).collect();
    assert!(figures.iter().all(Option::is_some), "{figures:?}");
}
